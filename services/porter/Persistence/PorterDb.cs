using System.Runtime.CompilerServices;
using System.Text.Json;
using HyperBdr.Porter.Domain;
using HyperBdr.ServiceDefaults;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace HyperBdr.Porter.Persistence;

/// <summary>Porter's own database.</summary>
public sealed class PorterDb(DbContextOptions<PorterDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    private const int ThumbprintLength = 64;

    public DbSet<EnrolmentToken> EnrolmentTokens => Set<EnrolmentToken>();

    public DbSet<Machine> Machines => Set<Machine>();

    public DbSet<MachineCertificate> Certificates => Set<MachineCertificate>();

    public DbSet<TenantAuthority> Authorities => Set<TenantAuthority>();

    public DbSet<MachineCommand> Commands => Set<MachineCommand>();

    public DbSet<Presence> Presences => Set<Presence>();

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
        modelBuilder.Entity<Machine>(e =>
        {
            e.ToTable("machines");
            e.HasKey(m => m.Id);
            e.Property(m => m.Name).HasMaxLength(Machine.MaxNameLength);
            e.Property(m => m.Kind).HasConversion<string>();
            e.Property(m => m.Availability).HasConversion<string>();
            AsJson(e.Property(m => m.Inventory));
            AsJson(e.Property(m => m.Settings));
            AsJson(e.Property(m => m.Superseded));
            e.Property(m => m.Version).IsRowVersion();
            e.HasIndex(m => new { m.TenantId, m.HardwareSerial });
            e.HasIndex(m => m.ChangedAt);
        });
        modelBuilder.Entity<MachineCertificate>(e =>
        {
            e.ToTable("machine_certificates");
            e.HasKey(c => c.Thumbprint);
            e.Property(c => c.Thumbprint).HasMaxLength(ThumbprintLength);
            e.HasIndex(c => c.MachineId);
        });
        modelBuilder.Entity<TenantAuthority>(e =>
        {
            e.ToTable("tenant_authorities");
            e.HasKey(a => a.TenantId);
        });
        modelBuilder.Entity<MachineCommand>(e =>
        {
            e.ToTable("commands");
            e.HasKey(c => c.Id);
            e.Property(c => c.State).HasConversion<string>();
            e.Property(c => c.Version).IsRowVersion();
            e.HasIndex(c => new { c.MachineId, c.CreatedAt }).HasFilter("state IN ('Waiting', 'Received')");
            e.HasIndex(c => c.FinishedAt);
        });
        modelBuilder.Entity<Presence>(e =>
        {
            e.ToTable("presences");
            e.HasKey(p => p.MachineId);
            e.Property(p => p.MachineId).ValueGeneratedNever();
        });
        base.OnModelCreating(modelBuilder);
    }

    /// <summary>A value that is replaced as a whole, never changed inside.</summary>
    private static void AsJson<T>(PropertyBuilder<T> property) => property.HasColumnType("jsonb").HasConversion(
        new ValueConverter<T, string>(v => JsonSerializer.Serialize(v, Json.Options), s => JsonSerializer.Deserialize<T>(s, Json.Options)!),
        new ValueComparer<T>((a, b) => ReferenceEquals(a, b), v => RuntimeHelpers.GetHashCode(v), v => v));
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class PorterDbAtDesignTime() : DesignTime<PorterDb>((options, parts) => new PorterDb(options, parts));
