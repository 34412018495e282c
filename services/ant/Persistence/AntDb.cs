using System.Text.Json;
using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Running;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace HyperBdr.Ant.Persistence;

/// <summary>Database <c>antdb</c>.</summary>
public sealed class AntDb(DbContextOptions<AntDb> options, ServiceDbParts parts, TaskSignal? signal = null) : ServiceDb(options, parts)
{
    public DbSet<DurableTask> Tasks => Set<DurableTask>();

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
            e.Ignore(t => t.Percent);
            e.Ignore(t => t.Current);
            e.HasMany(t => t.Steps).WithOne().HasForeignKey(s => s.TaskId).OnDelete(DeleteBehavior.Cascade);
            e.HasIndex(t => new { t.TenantId, t.Id });
            e.HasIndex(t => t.DueAt).HasFilter("status = 'Working'").HasDatabaseName("ix_tasks_due");
        });
        modelBuilder.Entity<TaskStep>(e =>
        {
            e.ToTable("task_steps");
            e.HasKey(s => new { s.TaskId, s.Position });
            e.Property(s => s.Name).HasMaxLength(48);
            e.Property(s => s.Status).HasConversion<string>().HasMaxLength(16);
            e.Property(s => s.Returned).HasColumnType("jsonb").HasConversion(
                v => JsonSerializer.Serialize(v, JsonSerializerOptions.Default),
                v => JsonSerializer.Deserialize<Dictionary<string, string>>(v, JsonSerializerOptions.Default),
                // Set as a whole, never changed in place.
                new ValueComparer<Dictionary<string, string>?>((a, b) => ReferenceEquals(a, b), v => v == null ? 0 : v.Count));
        });
        base.OnModelCreating(modelBuilder);
    }
}

/// <summary>For the tool that writes migrations.</summary>
internal sealed class AntDbAtDesignTime() : DesignTime<AntDb>((options, parts) => new AntDb(options, parts));
