using HyperBdr.Ant.Domain.Licences;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Licences;

/// <summary>Identity granted a licence: from now on its units can be taken here, whether identity answers or not.</summary>
internal sealed class LicenceHeard(AntDb db) : IEventHandler<LicenceGranted>
{
    public async Task HandleAsync(LicenceGranted message, CancellationToken ct)
    {
        if (await db.Licences.AnyAsync(l => l.Id == message.LicenceId, ct)) return;
        db.Licences.Add(new Licence
        {
            Id = message.LicenceId, TenantId = message.TenantId, Kind = message.Kind, Units = message.Units,
            StartsAt = message.StartsAt, ExpiresAt = message.ExpiresAt, SeenAt = message.StartsAt,
        });
    }
}
