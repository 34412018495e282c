using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Licences;

/// <summary>A host took or gave back a unit: the log has a row, and lists count it.</summary>
internal sealed class UnitHeard(IdentityDb db) : IEventHandler<LicenceUnitChanged>
{
    public async Task HandleAsync(LicenceUnitChanged message, CancellationToken ct)
    {
        db.LicenceLog.Add(new LicenceLogRow
        {
            Id = message.EventId, TenantId = message.TenantId, LicenceId = message.LicenceId, HostId = message.HostId, HostName = message.HostName,
            Change = message.Change, Operator = message.Operator, At = message.OccurredAt,
        });
        if (await db.LicenceHolders.SingleOrDefaultAsync(h => h.HostId == message.HostId, ct) is not { } holder)
            db.LicenceHolders.Add(holder = new LicenceHolder { HostId = message.HostId, TenantId = message.TenantId, LicenceId = message.LicenceId });
        holder.LicenceId = message.LicenceId;
        holder.ReleasedAt = message.Change == "released" ? message.OccurredAt : null;
    }
}
