using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Licences;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Running;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Persistence;

/// <summary>Database <c>antdb</c>.</summary>
public sealed class AntDb(DbContextOptions<AntDb> options, ServiceDbParts parts, TaskSignal? signal = null) : ServiceDb(options, parts)
{
    public const string PolicyNameIndex = "ix_policies_tenant_id_name";

    public DbSet<DurableTask> Tasks => Set<DurableTask>();

    public DbSet<ProtectedHost> Hosts => Set<ProtectedHost>();

    public DbSet<HostTick> Ticks => Set<HostTick>();

    public DbSet<Policy> Policies => Set<Policy>();

    public DbSet<PausedTenant> PausedTenants => Set<PausedTenant>();

    public DbSet<Licence> Licences => Set<Licence>();

    public DbSet<LicenceUnit> LicenceUnits => Set<LicenceUnit>();

    public DbSet<SyncRemains> SyncRemains => Set<SyncRemains>();

    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        var due = ChangeTracker.Entries<DurableTask>().Any(e => e.State == EntityState.Added);
        var written = await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        if (due) signal?.Raise();
        return written;
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<DurableTask>(e =>
        {
            e.ToTable("tasks");
            e.Property(t => t.Id).ValueGeneratedNever();
            e.Property(t => t.Type).HasMaxLength(32);
            e.Property(t => t.SourceType).HasMaxLength(32);
            e.Property(t => t.SourceName).HasMaxLength(128);
            e.Property(t => t.Operator).HasMaxLength(128);
            e.Property(t => t.Status).HasConversion<string>().HasMaxLength(16);
            e.Property(t => t.ErrorCode).HasMaxLength(96);
            e.Property(t => t.Inputs).IsJson();
            e.Property(t => t.Progress).IsJson();
            e.Ignore(t => t.IsOpen);
            e.Ignore(t => t.Percent);
            e.Ignore(t => t.Current);
            e.HasMany(t => t.Steps).WithOne().HasForeignKey(s => s.TaskId).OnDelete(DeleteBehavior.Cascade);
            e.HasIndex(t => new { t.TenantId, t.Id });
            e.HasIndex(t => new { t.TenantId, t.SourceId });
            e.HasIndex(t => t.DueAt).HasFilter("status = 'Working'").HasDatabaseName("ix_tasks_due");
            e.HasIndex(t => t.TenantId).HasFilter("status = 'Pending'").HasDatabaseName("ix_tasks_pending");
        });
        modelBuilder.Entity<TaskStep>(e =>
        {
            e.ToTable("task_steps");
            e.HasKey(s => new { s.TaskId, s.Position });
            e.Property(s => s.Name).HasMaxLength(48);
            e.Property(s => s.Status).HasConversion<string>().HasMaxLength(16);
            e.Property(s => s.Returned).IsJson();
        });
        modelBuilder.Entity<ProtectedHost>(e =>
        {
            e.ToTable("hosts");
            e.Property(h => h.Id).ValueGeneratedNever();
            e.Property(h => h.Name).HasMaxLength(255);
            e.Property(h => h.Kind).HasMaxLength(32);
            e.Property(h => h.Version).HasMaxLength(64);
            e.Property(h => h.Health).HasConversion<string>().HasMaxLength(16);
            e.Property(h => h.Stage).HasConversion<string>().HasMaxLength(16);
            e.Property(h => h.Status).HasConversion<string>().HasMaxLength(24);
            e.Property(h => h.FaultCode).HasMaxLength(96);
            e.Property(h => h.PoolName).HasMaxLength(64);
            e.Property(h => h.LastSyncMode).HasMaxLength(16);
            e.Property(h => h.LastPointId).HasMaxLength(128);
            e.Property(h => h.RecoverySettings).HasColumnType("jsonb");
            e.Property(h => h.Facts).IsJson();
            e.Property(h => h.Problems).IsJson();
            e.Property(h => h.ExcludedDisks).IsJson();
            e.Property(h => h.SyncedDisks).IsJson();
            e.Ignore(h => h.IsOnline);
            e.Ignore(h => h.IsLeaving);
            e.HasIndex(h => new { h.TenantId, h.Id });
            e.HasIndex(h => h.PolicyId);
            e.HasIndex(h => h.PendingFullAt).HasFilter("pending_full_at is not null").HasDatabaseName("ix_hosts_pending_full");
            e.HasIndex(h => h.Id).HasFilter("facts_are_stale").HasDatabaseName("ix_hosts_stale");
            e.HasOne<Policy>().WithMany().HasForeignKey(h => h.PolicyId).OnDelete(DeleteBehavior.Restrict);
        });
        modelBuilder.Entity<HostTick>(e =>
        {
            e.ToTable("host_ticks");
            e.HasKey(t => new { t.HostId, t.Mode, t.At });
            e.Property(t => t.Mode).HasMaxLength(16);
            e.Property(t => t.Decision).HasMaxLength(32);
            e.HasIndex(t => t.DecidedAt);
        });
        modelBuilder.Entity<Policy>(e =>
        {
            e.ToTable("policies");
            e.Property(p => p.Id).ValueGeneratedNever();
            e.Property(p => p.Name).HasMaxLength(64);
            e.Property(p => p.Direction).HasMaxLength(16);
            e.Property(p => p.TimeZone).HasMaxLength(64);
            e.Property(p => p.StartTime).HasMaxLength(32);
            e.Property(p => p.Body).IsJson();
            e.Ignore(p => p.Times);
            e.HasIndex(p => new { p.TenantId, p.Direction, p.Name }).IsUnique().HasDatabaseName(PolicyNameIndex);
            e.HasIndex(p => p.NextTickAt);
        });
        modelBuilder.Entity<Licence>(e =>
        {
            e.ToTable("licences");
            e.Property(l => l.Id).ValueGeneratedNever();
            e.Property(l => l.Kind).HasMaxLength(16);
            e.HasIndex(l => l.TenantId);
        });
        modelBuilder.Entity<LicenceUnit>(e =>
        {
            e.ToTable("licence_units");
            e.HasKey(u => u.HostId);
            e.Property(u => u.HostId).ValueGeneratedNever();
            e.HasOne<Licence>().WithMany().HasForeignKey(u => u.LicenceId).OnDelete(DeleteBehavior.Restrict);
        });
        modelBuilder.Entity<PausedTenant>(e =>
        {
            e.ToTable("paused_tenants");
            e.Property(t => t.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<SyncRemains>(e =>
        {
            e.ToTable("sync_remains");
            e.HasKey(r => r.RunId);
            e.Property(r => r.RunId).ValueGeneratedNever();
            e.Property(r => r.SessionId).HasMaxLength(64);
            e.HasIndex(r => r.DueAt);
            e.HasIndex(r => r.HostId);
        });
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class AntDbAtDesignTime() : DesignTime<AntDb>((options, parts) => new AntDb(options, parts));
