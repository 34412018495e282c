using System.Globalization;
using HyperBdr.ServiceDefaults.Calls;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Who the gateway says a machine is, by its verified certificate.</summary>
/// <param name="Thumbprint">SHA-256 of the certificate.</param>
internal sealed record MachineIdentity(Guid MachineId, Guid TenantId, string Thumbprint, string? Address)
{
    public static MachineIdentity? Of(Caller caller) =>
        Guid.TryParse(caller.Name, CultureInfo.InvariantCulture, out var id) && caller.SessionId is { Length: > 0 } thumbprint ? new(id, caller.TenantId, thumbprint, caller.SourceIp) : null;
}
