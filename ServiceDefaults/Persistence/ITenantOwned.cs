namespace HyperBdr.ServiceDefaults.Persistence;

/// <summary>A row of one tenant: every query sees only the caller's tenant, and a new row takes it.</summary>
public interface ITenantOwned
{
    Guid TenantId { get; }
}

/// <summary>Where a handler says what became true; sent after, and only if, its transaction commits.</summary>
public interface IOutbox
{
    void Add(Contracts.Events.IntegrationEvent e);
}
