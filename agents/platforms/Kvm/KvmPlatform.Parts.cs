using System.Net;
using HyperBdr.Engine;
using HyperBdr.Engine.Nbd;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <content>Networks and disks.</content>
public sealed partial class KvmPlatform
{
    private static readonly TimeSpan ExportLimit = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public Task<Resource> CreateNetworkAsync(NetworkRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ChangeAsync(async () =>
        {
            if (host.Networks.Find(request.Id) is { } known) return SameAs(known.Request == request with { Tags = known.Request.Tags }, known.Request.Tags, request.Tags, request.Id) && known.State == ResourceState.Ready ? Describe(known) : await MakeNetworkAsync(known, ct);
            await CheckAsync(request, ct);
            return await MakeNetworkAsync(host.Networks.Save(new(request, request.Tags, host.Time.GetUtcNow(), ResourceState.Creating)), ct);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<Resource> CreateDiskAsync(DiskRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ChangeAsync(async () =>
        {
            if (host.Disks.Find(request.Id) is { } known)
            {
                SameAs(known.Request == request with { Tags = known.Request.Tags }, known.Request.Tags, request.Tags, request.Id);
                return Describe(known);
            }

            if (host.Disks.All.FirstOrDefault(d => d.Request.Source == request.Source) is { } other)
                throw new PlatformException(PlatformFault.DiskInUse, request.Source, $"disk {other.Id} is made of this export");
            await CheckAsync(request, ct);
            return Describe(host.Disks.Save(new(request, request.Tags, host.Time.GetUtcNow())));
        }, ct);
    }

    private static Resource Describe(NetworkRecord record) => new(ResourceKind.Network, record.Id, record.Tags, record.State, record.CreatedAt);

    private static Resource Describe(DiskRecord record) => new(ResourceKind.Disk, record.Id, record.Tags, ResourceState.Ready, record.CreatedAt);

    /// <summary>A request that is made again is the same but for its lease, which has moved on meanwhile.</summary>
    private static bool SameAs(bool same, ResourceTags known, ResourceTags asked, Guid id) => same && known with { LeaseUntil = null } == asked with { LeaseUntil = null }
        ? true
        : throw new PlatformException(PlatformFault.IdTaken, id.ToString(), "was made by another request");

    private async Task CheckAsync(NetworkRequest request, CancellationToken ct)
    {
        if (request.Kind == NetworkKind.Isolated)
        {
            if (request.Uplink is not null || !IPNetwork.TryParse(Network(request.Gateway), out _)) throw new PlatformException(PlatformFault.InvalidRequest, request.Id.ToString(), "an isolated network needs an address with its length, such as 10.77.0.1/24, and no uplink");
            return;
        }

        if (string.IsNullOrEmpty(request.Uplink) || request.Uplink.Length > 15 || request.Uplink.StartsWith('-') || request.Gateway is not null) throw new PlatformException(PlatformFault.InvalidRequest, request.Id.ToString(), "a bridged network needs the name of a bridge, and no address");
        if (!await HostNetwork.HasBridgeAsync(host.Settings.BridgeNamespace, request.Uplink, ct)) throw new PlatformException(PlatformFault.NotFound, request.Uplink, "this host has no such bridge");
    }

    /// <summary>10.77.0.1/24 → 10.77.0.0/24, as the parser wants no bits behind the length.</summary>
    private static string? Network(string? gateway)
    {
        if (gateway?.Split('/') is not [var address, var length] || !IPAddress.TryParse(address, out var ip) || ip.GetAddressBytes() is not { Length: 4 } bytes || !int.TryParse(length, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var bits) || bits is < 8 or > 30) return null;
        var number = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes) & (uint.MaxValue << (32 - bits));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return $"{new IPAddress(bytes)}/{bits}";
    }

    private async Task<Resource> MakeNetworkAsync(NetworkRecord record, CancellationToken ct)
    {
        if (record.State == ResourceState.Deleting) throw new PlatformException(PlatformFault.IdTaken, record.Id.ToString(), "is being deleted");
        if (record.Request.Kind == NetworkKind.Isolated) await HostNetwork.CreateIsolatedAsync(KvmHost.SpaceOf(record.Id), record.Request.Gateway!, ct);
        return Describe(host.Networks.Save(record with { State = ResourceState.Ready }));
    }

    /// <summary>After a crash, or a restart of the host, which forgets namespaces.</summary>
    private async Task RecoverNetworkAsync(NetworkRecord record, CancellationToken ct)
    {
        if (record.State == ResourceState.Deleting) await RemoveNetworkAsync(record, ct);
        else if (record.State == ResourceState.Creating || (record.Request.Kind == NetworkKind.Isolated && !HostNetwork.Exists(KvmHost.SpaceOf(record.Id)))) await MakeNetworkAsync(record, ct);
    }

    private async Task<bool> DeleteNetworkAsync(Guid id, CancellationToken ct)
    {
        if (host.Networks.Find(id) is not { } record) return true;
        if (host.Machines.All.FirstOrDefault(m => m.Request.Nics.Any(n => n.Network == id)) is { } user) throw new PlatformException(PlatformFault.NetworkInUse, id.ToString(), $"machine {user.Request.Name} ({user.Id}) is on it");
        await RemoveNetworkAsync(host.Networks.Save(record with { State = ResourceState.Deleting }), ct);
        return true;
    }

    private async Task RemoveNetworkAsync(NetworkRecord record, CancellationToken ct)
    {
        if (record.Request.Kind == NetworkKind.Isolated) await HostNetwork.DeleteSpaceAsync(KvmHost.SpaceOf(record.Id), ct);
        host.Networks.Remove(record.Id);
    }

    private async Task CheckAsync(DiskRequest request, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(ExportLimit);
        try
        {
            var uri = NbdUri.Parse(request.Source);
            if (uri.Tls) throw new PlatformException(PlatformFault.Unsupported, request.Source, "exports under TLS are not taken: the recovery host's exports are on a Unix socket");
            await using var client = await NbdClient.ConnectAsync(uri, time: host.Time, ct: late.Token);
            if (client.IsReadOnly) throw new PlatformException(PlatformFault.DiskUnreachable, request.Source, "takes no writes");
            if (client.Length != request.Bytes) throw new PlatformException(PlatformFault.DiskUnreachable, request.Source, $"has {client.Length} bytes, {request.Bytes} are expected");
        }
        catch (Exception e) when (e is EngineException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw e is EngineException { Fault: Fault.InvalidArgument }
                ? new PlatformException(PlatformFault.InvalidRequest, request.Source, "is no NBD URI", e)
                : new PlatformException(PlatformFault.DiskUnreachable, request.Source, "no export answers there: " + e.Message, e);
        }
    }

    private Task<bool> DeleteDiskAsync(Guid id)
    {
        if (host.Machines.All.FirstOrDefault(m => m.Request.Disks.Any(d => d.Disk == id)) is { } user) throw new PlatformException(PlatformFault.DiskInUse, id.ToString(), $"machine {user.Request.Name} ({user.Id}) has it");
        if (host.Disks.Find(id) is not null) host.Disks.Remove(id);
        return Task.FromResult(true);
    }
}
