using HyperBdr.Identity.Domain;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Persistence;

/// <summary>Tenants, users, keys and tokens. Sessions live in Redis.</summary>
public sealed class IdentityDb(DbContextOptions<IdentityDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    public DbSet<Tenant> Tenants => Set<Tenant>();

    public DbSet<User> Users => Set<User>();

    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();

    public DbSet<AccessKey> AccessKeys => Set<AccessKey>();

    public DbSet<ApiToken> ApiTokens => Set<ApiToken>();

    public DbSet<SignInAttempts> SignInAttempts => Set<SignInAttempts>();

    public DbSet<Licence> Licences => Set<Licence>();

    public DbSet<LicenceLogRow> LicenceLog => Set<LicenceLogRow>();

    public DbSet<LicenceHolder> LicenceHolders => Set<LicenceHolder>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Tenant>(e =>
        {
            e.HasIndex(t => t.NameKey).IsUnique();
            e.Property(t => t.Name).HasMaxLength(64);
            e.Property(t => t.NameKey).HasMaxLength(64);
            e.Property(t => t.Scene).HasMaxLength(16);
            e.Property(t => t.Version).IsRowVersion();
        });
        modelBuilder.Entity<User>(e =>
        {
            e.HasIndex(u => u.UsernameKey).IsUnique();
            e.HasOne(u => u.Tenant).WithMany().HasForeignKey(u => u.TenantId).OnDelete(DeleteBehavior.Restrict);
            e.Property(u => u.Username).HasMaxLength(User.LongestName);
            e.Property(u => u.UsernameKey).HasMaxLength(User.LongestName);
            e.Property(u => u.Role).HasMaxLength(32);
            e.Property(u => u.Nickname).HasMaxLength(64);
            e.Property(u => u.Email).HasMaxLength(254);
            e.Property(u => u.Language).HasMaxLength(8);
            e.Property(u => u.Version).IsRowVersion();
        });
        modelBuilder.Entity<RecoveryCode>(e =>
        {
            e.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
            e.HasIndex(c => new { c.UserId, c.Hash }).IsUnique();
        });
        modelBuilder.Entity<AccessKey>(e =>
        {
            e.HasOne(k => k.User).WithMany().HasForeignKey(k => k.UserId).OnDelete(DeleteBehavior.Cascade);
            e.HasIndex(k => k.Key).IsUnique();
            e.Property(k => k.Key).HasMaxLength(32);
            e.Property(k => k.Description).HasMaxLength(256);
        });
        modelBuilder.Entity<ApiToken>(e =>
        {
            e.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
            e.HasIndex(t => t.Hash).IsUnique();
            e.HasIndex(t => t.Family);
            e.HasIndex(t => t.ExpiresAt);
        });
        modelBuilder.Entity<SignInAttempts>(e =>
        {
            e.ToTable("sign_in_attempts");
            e.HasKey(a => a.Key);
            e.HasIndex(a => a.ForgetAt);
        });
        modelBuilder.Entity<Licence>(e =>
        {
            e.ToTable("licences");
            e.HasIndex(l => new { l.TenantId, l.Code }).IsUnique();
            e.Property(l => l.Kind).HasMaxLength(16);
            e.Property(l => l.Code).HasMaxLength(64);
            e.Property(l => l.ActivatedBy).HasMaxLength(128);
            e.HasOne<Tenant>().WithMany().HasForeignKey(l => l.TenantId).OnDelete(DeleteBehavior.Restrict);
        });
        modelBuilder.Entity<LicenceLogRow>(e =>
        {
            e.ToTable("licence_log");
            e.Property(r => r.HostName).HasMaxLength(255);
            e.Property(r => r.Change).HasMaxLength(16);
            e.Property(r => r.Operator).HasMaxLength(128);
            e.HasIndex(r => r.LicenceId);
        });
        modelBuilder.Entity<LicenceHolder>(e =>
        {
            e.ToTable("licence_holders");
            e.HasKey(h => h.HostId);
            e.Property(h => h.HostId).ValueGeneratedNever();
            e.HasIndex(h => h.LicenceId);
        });
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class IdentityDbAtDesignTime() : DesignTime<IdentityDb>((options, parts) => new IdentityDb(options, parts));
