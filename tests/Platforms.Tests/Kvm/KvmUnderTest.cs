using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;
using HyperBdr.Platforms.Kvm;
using HyperBdr.Platforms.Model;
using HyperBdr.Platforms.Tests.Conformance;

namespace HyperBdr.Platforms.Tests.Kvm;

/// <summary>A KVM driver in a folder of its own; nothing of it is left when it is disposed.</summary>
public sealed class KvmUnderTest : IPlatformUnderTest
{
    private readonly List<IAsyncDisposable> exports = [];
    private KvmPlatform? platform;

    public string Folder { get; } = Directory.CreateTempSubdirectory("hbk-").FullName;

    public IPlatform Platform => platform!;

    /// <summary>Emulation is named: whether acceleration works is another test's question.</summary>
    public KvmSettings Settings => new(Path.Combine(Folder, "d")) { Accelerator = "tcg", MemoryReserveMib = 512 };

    public string PathOf(string name) => Path.Combine(Folder, name);

    public async Task OpenAsync(KvmSettings? settings = null) => platform = await KvmPlatform.OpenAsync(settings ?? Settings, TimeProvider.System, CancellationToken.None);

    public string Export(string name, long bytes)
    {
        var image = PathOf(name + ".raw");
        using (var file = File.Create(image)) file.SetLength(bytes);
        var source = FileSource.Open(image);
        var overlay = CopyOnWriteOverlay.Open(PathOf(name + ".overlay"), source, name);
        var server = new NbdServer([new NbdExport("disk", overlay, overlay)]);
        var socket = PathOf($"{exports.Count}.sock");
        server.ListenUnix(socket);
        exports.AddRange([source, overlay, server]);
        return $"nbd+unix:///disk?socket={socket}";
    }

    /// <summary>The driver keeps nothing in memory that its files do not have, and never ends its machines: closing it is what a kill leaves.</summary>
    public async Task ReopenAsync()
    {
        await platform!.DisposeAsync();
        await OpenAsync();
    }

    public async Task BreakAsync(Guid machine)
    {
        foreach (var process in Processes().Where(p => p.Machine == machine)) await process.Identity.KillAsync(TimeProvider.System, CancellationToken.None);
    }

    public Task<int> ReallyRunningAsync() => Task.FromResult(Processes().Count());

    public NetworkRequest Isolated(Guid id, ResourceTags tags) => new(id, tags, NetworkKind.Isolated, Gateway: "10.77.0.1/24");

    public async ValueTask DisposeAsync()
    {
        if (platform is not null) await platform.DisposeAsync();
        foreach (var (_, identity) in Processes()) await identity.KillAsync(TimeProvider.System, CancellationToken.None);
        for (var i = exports.Count - 1; i >= 0; i--) await exports[i].DisposeAsync();
        if (Directory.Exists(Path.Combine(Settings.Folder, "networks")))
        {
            foreach (var record in Directory.EnumerateFiles(Path.Combine(Settings.Folder, "networks"), "*.json"))
                await HostNetwork.DeleteSpaceAsync(KvmHost.SpaceOf(Guid.ParseExact(Path.GetFileNameWithoutExtension(record), "n")), CancellationToken.None);
        }

        Directory.Delete(Folder, recursive: true);
    }

    internal IEnumerable<(Guid Machine, ProcessIdentity Identity)> Processes()
    {
        var machines = Path.Combine(Settings.Folder, "m");
        if (!Directory.Exists(machines)) return [];
        return [.. Directory.EnumerateDirectories(machines).SelectMany(f => ProcessIdentity.StartedWith(QemuCommand.ProcessFileOption, new MachineFolder(f).ProcessFile).Select(p => (Guid.ParseExact(Path.GetFileName(f), "n"), p)))];
    }
}
