using HyperBdr.Report.Domain;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Persistence;

/// <summary>Report's own database.</summary>
public sealed class ReportDb(DbContextOptions<ReportDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    public DbSet<Export> Exports => Set<Export>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Export>(e =>
        {
            e.ToTable("exports");
            e.HasKey(x => x.Id);
            e.Property(x => x.State).HasConversion<string>();
            e.Property(x => x.Format).HasConversion<string>();
            e.Property(x => x.Version).IsRowVersion();
            e.Ignore(x => x.FileName);
            e.Ignore(x => x.Extension);
            e.HasIndex(x => new { x.TenantId, x.CreatedAt });
            e.HasIndex(x => new { x.State, x.LeaseUntil });
        });
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class ReportDbAtDesignTime() : DesignTime<ReportDb>((options, parts) => new ReportDb(options, parts));
