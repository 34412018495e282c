using HyperBdr.Porter.Domain;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Persistence;

/// <summary>Porter's own database.</summary>
public sealed class PorterDb(DbContextOptions<PorterDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    public DbSet<EnrolmentToken> EnrolmentTokens => Set<EnrolmentToken>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<EnrolmentToken>(e =>
        {
            e.ToTable("enrolment_tokens");
            e.HasKey(t => t.Id);
            e.Property(t => t.Name).HasMaxLength(EnrolmentToken.MaxNameLength);
            e.Property(t => t.Version).IsRowVersion();
            e.HasIndex(t => t.SecretHash).IsUnique();
            e.HasIndex(t => new { t.TenantId, t.CreatedAt });
        });
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class PorterDbAtDesignTime() : DesignTime<PorterDb>((options, parts) => new PorterDb(options, parts));
