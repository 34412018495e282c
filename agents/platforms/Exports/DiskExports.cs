using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;

namespace HyperBdr.Platforms.Exports;

/// <param name="Name">The export's name.</param>
/// <param name="Source">The disk as of the recovery point; disposed with the exports.</param>
/// <param name="Identity">What tells this disk of this point from every other; the overlay is bound to it.</param>
/// <param name="Overlay">The local file that takes the writes.</param>
/// <param name="Profile">The file with the order in which the last boot read; it is noted when there is none. Null: neither.</param>
public sealed record ExportedDisk(string Name, IBlockSource Source, string Identity, string Overlay, string? Profile = null);

/// <summary>Disks of a recovery point as writable NBD exports on one Unix socket: what is read comes out of the repository when it is asked for, what is written stays in overlays.
/// Costs the same whatever the disks' sizes.</summary>
/// <remarks>After a kill the same files and the same socket go on where the last flush left them.</remarks>
public sealed class DiskExports : IAsyncDisposable
{
    private readonly string socket;
    private readonly List<Part> parts = [];
    private NbdServer? server;

    private DiskExports(string socket) => this.socket = Path.GetFullPath(socket);

    /// <summary>Opens the overlays and listens.</summary>
    /// <exception cref="EngineException">As <see cref="CopyOnWriteOverlay.Open"/> and <see cref="NbdServer.ListenUnix"/>.</exception>
    public static async Task<DiskExports> OpenAsync(string socket, IReadOnlyList<ExportedDisk> disks, TimeProvider time, Action<Exception>? failed = null)
    {
        ArgumentNullException.ThrowIfNull(disks);
        var exports = new DiskExports(socket);
        try
        {
            foreach (var disk in disks) exports.parts.Add(Part.Open(disk));
            exports.server = new NbdServer(exports.parts.Select(p => new NbdExport(p.Disk.Name, p.Overlay, p.Overlay)), new NbdServerOptions { ConnectionFailed = failed }, time);
            exports.server.ListenUnix(exports.socket);
            return exports;
        }
        catch
        {
            await exports.DisposeAsync();
            throw;
        }
    }

    public string UriOf(string name) => new NbdUri(Tls: false, null, 0, socket, name).ToString();

    /// <summary>True when an earlier boot's order is used for this disk.</summary>
    public bool IsPrefetched(string name) => parts.Any(p => p.Disk.Name == name && p.Prefetcher is not null);

    /// <summary>Keeps the order of what was read until now, for disks that had none: called when the boot is proven.</summary>
    /// <exception cref="EngineException"><see cref="Fault.TargetFailed"/></exception>
    public void KeepProfiles()
    {
        foreach (var part in parts.Where(p => p.Trace is { Count: > 0 })) part.Trace!.ToProfile(part.Cache).Save(part.Disk.Profile!);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        foreach (var part in parts) await part.DisposeAsync();
    }

    private sealed record Part(ExportedDisk Disk, CachedSource Cache, CopyOnWriteOverlay Overlay, ReadTrace? Trace, Prefetcher? Prefetcher) : IAsyncDisposable
    {
        public static Part Open(ExportedDisk disk)
        {
            var known = disk.Profile is { } profile && File.Exists(profile) ? TryLoad(profile) : null;
            var trace = disk.Profile is not null && known is null ? new ReadTrace() : null;
            var cache = new CachedSource(disk.Source, new CachedSourceOptions { Trace = trace });
            var overlay = CopyOnWriteOverlay.Open(disk.Overlay, cache, disk.Identity);
            return new(disk, cache, overlay, trace, known is null ? null : new Prefetcher(cache, known));
        }

        public async ValueTask DisposeAsync()
        {
            if (Prefetcher is not null) await Prefetcher.DisposeAsync();
            await Overlay.DisposeAsync();
            await Cache.DisposeAsync();
        }

        /// <summary>A profile is a hint: a damaged one is noted anew.</summary>
        private static BootProfile? TryLoad(string path)
        {
            try
            {
                return BootProfile.Load(path);
            }
            catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.NewerFormat)
            {
                return null;
            }
        }
    }
}
