using System.Linq.Expressions;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.ServiceDefaults.Persistence;

/// <summary>What a service's DbContext needs beside its options.</summary>
public sealed record ServiceDbParts(CallContext Call, TimeProvider Time, OutboxSignal Signal);

/// <summary>A service's own database: tenant filter on every <see cref="ITenantOwned"/>, outbox, inbox, and the audit entry of the present call.</summary>
/// <remarks>One <see cref="SaveChangesAsync(bool, CancellationToken)"/> is one transaction: the change, its events and its audit entry commit together or not at all.</remarks>
public abstract class ServiceDb(DbContextOptions options, ServiceDbParts parts) : DbContext(options), IOutbox
{
    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    public DbSet<InboxMessage> Inbox => Set<InboxMessage>();

    protected CallContext Call => parts.Call;

    /// <summary>Read by the query filters of each query.</summary>
    protected Guid TenantId => parts.Call.TenantId;

    public void Add(IntegrationEvent e) => Outbox.Add(OutboxMessage.Of(e));

    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        if (ChangeTracker.HasChanges()) RecordCall();
        var sends = ChangeTracker.Entries<OutboxMessage>().Any(e => e.State == EntityState.Added);
        var written = await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        sending |= sends;
        if (Database.CurrentTransaction is null) Committed();
        return written;
    }

    /// <summary>What was saved is now true: the audit entry counts as written, and events leave.</summary>
    internal void Committed()
    {
        if (parts.Call.Record is { } record && recording) record.Written = true;
        if (sending) parts.Signal.Raise();
        sending = false;
    }

    public override int SaveChanges(bool acceptAllChangesOnSuccess) =>
        throw new NotSupportedException("Use SaveChangesAsync.");

    private bool recording;
    private bool sending;

    /// <summary>Puts the audit entry of the present call into this transaction, unless it is written already.</summary>
    internal void RecordCall()
    {
        if (parts.Call.Record is not { Written: false } record || recording) return;
        recording = true;
        Add(record.ToEvent(parts.Call.Caller, parts.Time.GetUtcNow()));
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<OutboxMessage>(e =>
        {
            e.ToTable("outbox");
            e.HasKey(m => m.Id);
            e.Property(m => m.Id).UseIdentityAlwaysColumn();
            e.Property(m => m.Payload).HasColumnType("jsonb");
            e.HasIndex(m => m.EventId).IsUnique();
        });
        modelBuilder.Entity<InboxMessage>(e =>
        {
            e.ToTable("inbox");
            e.HasKey(m => new { m.EventId, m.Consumer });
            e.HasIndex(m => m.HandledAt);
        });
        foreach (var type in modelBuilder.Model.GetEntityTypes().Where(t => typeof(ITenantOwned).IsAssignableFrom(t.ClrType) && !t.IsOwned()))
            modelBuilder.Entity(type.ClrType).HasQueryFilter(TenantFilter(type.ClrType));
    }

    private LambdaExpression TenantFilter(Type type)
    {
        var row = Expression.Parameter(type);
        var own = Expression.Property(Expression.Constant(this), typeof(ServiceDb).GetProperty(nameof(TenantId), System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!);
        return Expression.Lambda(Expression.Equal(Expression.Property(row, nameof(ITenantOwned.TenantId)), own), row);
    }
}
