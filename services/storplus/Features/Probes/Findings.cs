using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Features.Probes;

/// <summary>Wire names of steps, and for each fault of a store a stable code and one sentence: what was seen and what to do.</summary>
internal static class ProbeFindings
{
    public static string NameOf(ProbeStep step) => step switch
    {
        ProbeStep.Connect => "connect",
        ProbeStep.ReadAfterWrite => "read_after_write",
        ProbeStep.List => "list",
        ProbeStep.RangeRead => "range_read",
        ProbeStep.ConditionalCreate => "conditional_create",
        ProbeStep.Delete => "delete",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "not a step"),
    };

    public static ProbeOutcome Of(StoreException e) => e.Fault switch
    {
        StoreFault.NameNotResolved => Fail("name_not_resolved", "The endpoint's name has no address: check its spelling and this machine's name service."),
        StoreFault.AddressNotAllowed => Fail("address_not_allowed", $"The endpoint is refused because {e.Detail}: ask the operator of this installation to allow it."),
        StoreFault.NotReachable => Fail("not_reachable", $"Nothing answers at the endpoint ({e.Detail}): check host, port, TLS setting and firewall."),
        StoreFault.Timeout => Fail("timeout", "The store did not answer in time: check the network between this machine and the store."),
        StoreFault.TlsNotTrusted => Fail("tls_not_trusted", "The store's certificate is not trusted: check the name, or add its authority to this machine's trusted certificates."),
        StoreFault.CredentialsWrong => Fail("credentials_wrong", $"The store does not accept the access key or its secret ({e.Detail}): enter them again."),
        StoreFault.AccessDenied => Fail("access_denied", $"The store does not allow '{e.Action}' here ({e.Detail}): allow list, read, write and delete."),
        StoreFault.ClockSkew => Fail("clock_skew", "The store refuses the request because the clocks differ: set the time of this machine (NTP) and of the store."),
        StoreFault.PlaceMissing => Fail("place_missing", "The bucket or folder does not exist: create it, or correct its name."),
        StoreFault.WrongRegion => Fail("wrong_region", $"The store sends the request elsewhere ({e.Detail}), which is not followed: enter the bucket's own region and endpoint."),
        StoreFault.BlobMissing => Fail("object_missing", "An object that was just written cannot be found: the store is not consistent enough for backups."),
        StoreFault.Full => Fail("full", "The store has no space or quota left: free some or raise the quota."),
        StoreFault.ReadOnly => Fail("read_only", "The store takes no writes: it is mounted or configured read-only."),
        StoreFault.ConditionNotSupported => Fail("conditional_create_unsupported", $"The store does not know conditional creation ({e.Detail}): use a store or version that honours If-None-Match."),
        StoreFault.Busy => Fail("busy", $"The store is overloaded or in maintenance ({e.Detail}): check it again later."),
        StoreFault.FolderNotAllowed => Fail("folder_not_allowed", "The folder is not inside an allowed folder, or a link leads to it: choose another one."),
        StoreFault.NotAStore => Fail("not_a_store", $"The endpoint does not answer as S3 does ({e.Detail}): check host and port."),
        _ => Fail("io", $"The device reports an error ({e.Detail}): look at the system's log and replace the disk if needed."),
    };

    public static ProbeOutcome TimedOut(TimeSpan limit) => Fail("timeout", $"The step did not end within {limit.TotalSeconds:0} s: the store is too slow or hangs.");

    public static readonly ProbeOutcome SecretLost =
        Fail("secret_unreadable", "The stored secret cannot be opened with this installation's master key: enter the secret again.");

    public static readonly ProbeOutcome Superseded =
        Fail("superseded", "The storage pool was changed or checked anew while this check waited: the newer check decides.");

    private static ProbeOutcome Fail(string code, string message) => ProbeOutcome.Fail(code, message);
}
