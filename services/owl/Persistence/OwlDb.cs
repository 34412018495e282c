using HyperBdr.Owl.Domain;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Owl.Persistence;

/// <summary>Owl's own database.</summary>
public sealed class OwlDb(DbContextOptions<OwlDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    public DbSet<AuditEntry> Entries => Set<AuditEntry>();

    public DbSet<ChainHead> Heads => Set<ChainHead>();

    public DbSet<Checkpoint> Checkpoints => Set<Checkpoint>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<AuditEntry>(e =>
        {
            // Append-only: a trigger of the first migration refuses UPDATE, DELETE and TRUNCATE.
            e.ToTable("audit_entries");
            e.HasKey(a => new { a.TenantId, a.Sequence });
            e.HasIndex(a => a.Id).IsUnique();
            e.HasIndex(a => new { a.TenantId, a.OccurredAt });
        });
        modelBuilder.Entity<ChainHead>(e =>
        {
            e.ToTable("audit_heads");
            e.HasKey(h => h.TenantId);
        });
        modelBuilder.Entity<Checkpoint>(e =>
        {
            e.ToTable("audit_checkpoints");
            e.HasKey(c => new { c.TenantId, c.Sequence });
        });
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class OwlDbAtDesignTime() : DesignTime<OwlDb>((options, parts) => new OwlDb(options, parts));
