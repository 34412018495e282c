using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.Storplus.Domain;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Persistence;

/// <summary>Database <c>storplusdb</c>.</summary>
public sealed class StorplusDb(DbContextOptions<StorplusDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    public const string PoolNameIndex = "ix_pools_tenant_id_name";

    public DbSet<Pool> Pools => Set<Pool>();

    public DbSet<Probe> Probes => Set<Probe>();

    public DbSet<Finding> Findings => Set<Finding>();

    public DbSet<TenantRepository> Repositories => Set<TenantRepository>();

    public DbSet<WriteSession> WriteSessions => Set<WriteSession>();

    public DbSet<Point> Points => Set<Point>();

    public DbSet<HostRetention> HostRetentions => Set<HostRetention>();

    public DbSet<MaintenanceRun> MaintenanceRuns => Set<MaintenanceRun>();

    public DbSet<CapacitySample> CapacitySamples => Set<CapacitySample>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Pool>(e =>
        {
            e.ToTable("pools");
            e.Property(p => p.Id).ValueGeneratedNever();
            e.Property(p => p.Name).HasMaxLength(64);
            e.Property(p => p.Kind).HasConversion<string>().HasMaxLength(16);
            e.Property(p => p.State).HasConversion<string>().HasMaxLength(16);
            e.Property(p => p.FolderPath).HasMaxLength(1024);
            e.OwnsOne(p => p.S3, s3 =>
            {
                s3.Property(s => s.Endpoint).HasMaxLength(300);
                s3.Property(s => s.Region).HasMaxLength(64);
                s3.Property(s => s.Bucket).HasMaxLength(63);
                s3.Property(s => s.AccessKey).HasMaxLength(128);
                s3.Property(s => s.Lookup).HasConversion<string>().HasMaxLength(8);
            });
            e.HasIndex(p => new { p.TenantId, p.Name }).IsUnique().HasDatabaseName(PoolNameIndex);
            // PostgreSQL's row version: two calls that change one pool at the same moment do not mix.
            e.Property<uint>("xmin").IsRowVersion();
        });
        modelBuilder.Entity<Probe>(e =>
        {
            e.ToTable("probes");
            e.Property(p => p.Id).ValueGeneratedNever();
            e.HasOne<Pool>().WithMany().HasForeignKey(p => p.PoolId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Finding>(e =>
        {
            e.ToTable("findings");
            e.HasKey(f => new { f.ProbeId, f.Step });
            e.Property(f => f.Step).HasMaxLength(32);
            e.Property(f => f.Code).HasMaxLength(64);
            e.HasOne<Probe>().WithMany().HasForeignKey(f => f.ProbeId).OnDelete(DeleteBehavior.Cascade);
        });
        RepositoryModel.Build(modelBuilder);
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class StorplusDbAtDesignTime() : DesignTime<StorplusDb>((options, parts) => new StorplusDb(options, parts));
