using HyperBdr.Storplus.Domain;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Persistence;

/// <summary>Tables of repositories, sessions, points and maintenance.</summary>
internal static class RepositoryModel
{
    public static void Build(ModelBuilder model)
    {
        model.Entity<TenantRepository>(e =>
        {
            e.ToTable("repositories");
            e.Property(r => r.Id).ValueGeneratedNever();
            e.Property(r => r.EscrowFingerprint).HasMaxLength(64);
            e.HasIndex(r => r.PoolId).IsUnique();
            // A row takes its key along: the pool cannot go before it.
            e.HasOne<Pool>().WithMany().HasForeignKey(r => r.PoolId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<WriteSession>(e =>
        {
            e.ToTable("write_sessions");
            e.Property(s => s.Id).ValueGeneratedNever();
            e.Property(s => s.HostName).HasMaxLength(200);
            e.Property(s => s.State).HasConversion<string>().HasMaxLength(16);
            e.Property(s => s.ParentPointId).HasMaxLength(64);
            e.HasIndex(s => new { s.TenantId, s.TaskId }).IsUnique();
            e.HasOne<TenantRepository>().WithMany().HasForeignKey(s => s.RepositoryId).OnDelete(DeleteBehavior.Cascade);
            e.Property<uint>("xmin").IsRowVersion();
        });
        model.Entity<Point>(e =>
        {
            e.ToTable("points");
            e.Property(p => p.Id).ValueGeneratedNever();
            e.Property(p => p.PointId).HasMaxLength(64);
            e.Property(p => p.HostName).HasMaxLength(200);
            e.Property(p => p.State).HasConversion<string>().HasMaxLength(16);
            e.Property(p => p.Code).HasMaxLength(64);
            e.Property(p => p.Consistency).HasMaxLength(16);
            e.Property(p => p.Mode).HasMaxLength(16);
            e.Property(p => p.Disks).HasColumnType("jsonb");
            e.Property(p => p.HoldReason).HasMaxLength(200);
            e.Property(p => p.HeldBy).HasMaxLength(200);
            e.Property(p => p.DeleteReason).HasMaxLength(32);
            e.Property(p => p.Warnings).HasColumnType("jsonb").HasDefaultValueSql("'[]'::jsonb");
            foreach (var computed in new[] { nameof(Point.WireId), nameof(Point.Ordinals), nameof(Point.DiskList), nameof(Point.WarningList), nameof(Point.Counted) }) e.Ignore(computed);
            e.HasIndex(p => new { p.TenantId, p.PointId }).IsUnique();
            e.HasIndex(p => new { p.TenantId, p.HostId, p.TakenAt });
            e.HasIndex(p => p.RepositoryId);
            e.HasOne<TenantRepository>().WithMany().HasForeignKey(p => p.RepositoryId).OnDelete(DeleteBehavior.Restrict);
            e.Property<uint>("xmin").IsRowVersion();
        });
        model.Entity<HostRetention>(e =>
        {
            e.ToTable("host_retentions");
            e.HasKey(r => new { r.TenantId, r.HostId });
            e.Property(r => r.TimeZone).HasMaxLength(64);
            e.Property(r => r.Rules).HasColumnType("jsonb");
            e.Ignore(r => r.RuleList).Ignore(r => r.Zone);
        });
        model.Entity<MaintenanceRun>(e =>
        {
            e.ToTable("maintenance_runs");
            e.Property(r => r.Id).ValueGeneratedNever();
            e.Property(r => r.Kind).HasConversion<string>().HasMaxLength(16);
            e.Property(r => r.State).HasConversion<string>().HasMaxLength(16);
            e.Property(r => r.Code).HasMaxLength(64);
            e.Property(r => r.Result).HasColumnType("jsonb");
            e.HasIndex(r => new { r.RepositoryId, r.Kind }).IsUnique().HasFilter("state in ('Waiting', 'Running')");
            e.HasIndex(r => r.RepositoryId).IsUnique().HasFilter("state = 'Running'").HasDatabaseName(OneRunning);
            e.HasOne<TenantRepository>().WithMany().HasForeignKey(r => r.RepositoryId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<CapacitySample>(e =>
        {
            e.ToTable("capacity_samples");
            e.HasKey(s => new { s.RepositoryId, s.Day });
            e.HasOne<TenantRepository>().WithMany().HasForeignKey(s => s.RepositoryId).OnDelete(DeleteBehavior.Cascade);
        });
    }

    /// <summary>Two runs of one repository at once are refused by the database itself.</summary>
    public const string OneRunning = "ix_maintenance_runs_one_running";
}
