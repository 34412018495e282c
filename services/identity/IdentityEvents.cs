using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Features.Licences;
using HyperBdr.ServiceDefaults.Messaging;

namespace HyperBdr.Identity;

/// <summary>What identity does on events; the migrations step makes its queues from this.</summary>
public static class IdentityEvents
{
    public static void Handle(EventHandlers events) => events.Add<LicenceUnitChanged, UnitHeard>();
}
