using System.Collections.Immutable;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Porter.Domain;

public enum MachineKind
{
    LinuxAgent,
    WindowsAgent,
    SyncProxy,
    SyncGateway,
}

public enum MachineAvailability
{
    /// <summary>Its beats arrive.</summary>
    Active,
    Disconnected,
    /// <summary>Two live programs showed its certificate; neither is served until one of them enrols anew.</summary>
    Quarantined,
    /// <summary>Somebody ended its certificate.</summary>
    Revoked,
}

/// <summary>A run of the machine's program that another run took the stream from.</summary>
public sealed record SupersededRun(string Instance, DateTimeOffset At);

/// <summary>A machine of a tenant that has enrolled: its record outlives its certificates.</summary>
public sealed class Machine : ITenantOwned
{
    public const int MaxNameLength = 255;
    private const int MostSuperseded = 8;

    /// <summary>So long a run that lost its stream to another one may not come back: an agent waits minutes at most before it tries again.</summary>
    private static readonly TimeSpan Contest = TimeSpan.FromHours(1);

    public static readonly Error CertificateRevoked = new(ErrorKind.Unauthenticated, "porter.certificate.revoked", "The certificate of this machine has been revoked; enrol it again with a new token.");
    public static readonly Error InQuarantine = new(ErrorKind.Unauthenticated, "porter.machine.quarantined", "Two running machines use the same certificate; enrol one of them again with a new token.");
    public static readonly Error OtherHardware = new(ErrorKind.Unauthenticated, "porter.machine.other_hardware", "This is other hardware than the machine that enrolled; a copy of a machine needs an enrolment of its own.");

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public MachineKind Kind { get; private set; }
    public string Name { get; private set; } = "";
    public string HardwareSerial { get; private set; } = "";
    public string AgentVersion { get; private set; } = "";
    public MachineAvailability Availability { get; private set; }
    public string? Reason { get; private set; }
    public MachineInventory Inventory { get; private set; } = null!;
    public MachineSettings Settings { get; private set; } = MachineSettings.Initial;
    public byte[] PublicKey { get; private set; } = [];
    /// <summary>Where its last stream came from.</summary>
    public string? Address { get; private set; }
    public DateTimeOffset EnrolledAt { get; private set; }
    public DateTimeOffset? ConnectedAt { get; private set; }
    /// <summary>Moves with each change that a holder of its stream must learn of.</summary>
    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>The newest stream; an older one ends when its holder sees this.</summary>
    public Guid? SessionId { get; private set; }
    /// <summary>The process of porter that holds the stream.</summary>
    public Guid? Replica { get; private set; }
    public string? Instance { get; private set; }
    public IReadOnlyList<SupersededRun> Superseded { get; private set; } = [];
    public uint Version { get; private set; }

    public bool IsServed => Availability is MachineAvailability.Active or MachineAvailability.Disconnected;

    public static Machine Enrol(Guid tenantId, MachineKind kind, MachineInventory inventory, string version, byte[] publicKey, DateTimeOffset now)
    {
        var machine = new Machine { Id = Guid.CreateVersion7(), TenantId = tenantId, Kind = kind, EnrolledAt = now };
        machine.Begin(inventory, version, publicKey, now);
        return machine;
    }

    /// <summary>A new installation on the same hardware goes on with this record, whatever its state was: an administrator made the token for it.</summary>
    public void TakeOver(MachineInventory inventory, string version, byte[] publicKey, DateTimeOffset now) => Begin(inventory, version, publicKey, now);

    private void Begin(MachineInventory inventory, string version, byte[] publicKey, DateTimeOffset now)
    {
        (Availability, Reason, SessionId, Replica, Instance, Superseded, ChangedAt) = (MachineAvailability.Disconnected, "enrolled", null, null, null, [], now);
        (PublicKey, AgentVersion) = (publicKey, version);
        HardwareSerial = inventory.HardwareSerial;
        Describe(inventory);
    }

    /// <summary>A run of its program opens a stream: the newest one is served. A run that lost the stream and comes back lives beside the other.</summary>
    /// <returns>The former availability.</returns>
    public Result<MachineAvailability> Connect(string instance, Guid session, Guid replica, byte[] publicKey, DateTimeOffset now)
    {
        if (Availability == MachineAvailability.Revoked) return CertificateRevoked;
        if (Availability == MachineAvailability.Quarantined) return InQuarantine;
        if (Superseded.Any(s => s.Instance == instance && now - s.At < Contest)) return InQuarantine;
        if (SessionId is not null && Instance is { } other && other != instance) Superseded = [.. Superseded.TakeLast(MostSuperseded - 1), new SupersededRun(other, now)];
        var before = Availability;
        (Availability, Reason, SessionId, Replica, Instance, PublicKey, ConnectedAt, ChangedAt) = (MachineAvailability.Active, null, session, replica, instance, publicKey, now, now);
        return before;
    }

    /// <summary>What the machine says of itself at a connection or later.</summary>
    /// <returns>Whether something changed that does not change by itself.</returns>
    public bool Update(MachineInventory inventory, string? version, string? address)
    {
        var changed = !inventory.IsSameAs(Inventory) || (version is not null && version != AgentVersion);
        (AgentVersion, Address) = (version ?? AgentVersion, address ?? Address);
        Describe(inventory);
        return changed;
    }

    /// <summary>Its beats stopped or it said goodbye.</summary>
    public bool Disconnect(string reason, DateTimeOffset now)
    {
        if (Availability != MachineAvailability.Active) return false;
        (Availability, Reason, SessionId, Replica, ChangedAt) = (MachineAvailability.Disconnected, reason, null, null, now);
        return true;
    }

    public void Quarantine(DateTimeOffset now) =>
        (Availability, Reason, SessionId, Replica, ChangedAt) = (MachineAvailability.Quarantined, "two running machines use its certificate", null, null, now);

    public bool Revoke(DateTimeOffset now)
    {
        if (Availability == MachineAvailability.Revoked) return false;
        (Availability, Reason, SessionId, Replica, ChangedAt) = (MachineAvailability.Revoked, "revoked by an administrator", null, null, now);
        return true;
    }

    public void Decide(int cpuPercent, ImmutableArray<string> excludedDiskIds, ImmutableArray<SettingValue> values) =>
        Settings = new MachineSettings(Settings.Revision + 1, cpuPercent, excludedDiskIds, values);

    private void Describe(MachineInventory inventory)
    {
        Inventory = inventory;
        Name = inventory.HostName.Length > 0 ? inventory.HostName : $"machine {Id:n}"[..16];
    }
}
