using System.Diagnostics;
using HyperBdr.Demo;
using HyperBdr.Demo.Ledger;
using HyperBdr.Engine.Nbd;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>A real block device of this machine with a mounted file system; behind it a ledger, in this process, notes every write in its order.</summary>
/// <remarks>Ledger, NBD server, nbdfuse (a file that is the NBD export), loop device, ext4: the kernel has no NBD client where it loads no modules.</remarks>
internal sealed class LedgeredDisk : IAsyncDisposable
{
    private readonly string folder;
    private readonly LedgerDisk disk;
    private readonly NbdServer server;
    private Process? fuse;

    private LedgeredDisk(string folder, LedgerDisk disk, NbdServer server) => (this.folder, this.disk, this.server) = (folder, disk, server);

    public string Device { get; private set; } = "";

    /// <summary>Where the file system is.</summary>
    public string Mount => Path.Combine(folder, "mnt");

    private string First => Path.Combine(folder, "first.raw");

    private string Journal => Path.Combine(folder, "journal");

    private string FuseFolder => Path.Combine(folder, "fuse");

    public static async Task<LedgeredDisk> CreateAsync(string folder, long bytes, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var image = Path.Combine(folder, "disk.raw");
        foreach (var path in new[] { image, Path.Combine(folder, "first.raw") })
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            RandomAccess.SetLength(file, bytes);
        }

        var ledger = LedgerDisk.Open(image, Path.Combine(folder, "journal"), TimeProvider.System);
        var exporting = new NbdServer([new NbdExport("", ledger, ledger)], time: TimeProvider.System);
        exporting.ListenUnix(Path.Combine(folder, "s"));
        var made = new LedgeredDisk(folder, ledger, exporting);
        try
        {
            await made.AttachAsync(ct);
            return made;
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException)
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the disk was at every moment until now.</summary>
    public async Task<LedgerIndex> IndexAsync(LedgerIndex? known, CancellationToken ct)
    {
        var count = await disk.SettleAsync(ct);
        known ??= new LedgerIndex(First, Journal);
        known.Read(count);
        return known;
    }

    public LedgerHistory History(long count) => LedgerHistory.Open(First, Journal, count);

    public async ValueTask DisposeAsync()
    {
        await TryAsync("umount", Mount);
        if (Device.Length > 0) await TryAsync("losetup", "-d", Device);
        await TryAsync("umount", FuseFolder);
        if (fuse is { HasExited: false }) fuse.Kill();
        fuse?.Dispose();
        await server.DisposeAsync();
        await disk.DisposeAsync();
    }

    private async Task AttachAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(FuseFolder);
        Directory.CreateDirectory(Mount);
        fuse = Process.Start(new ProcessStartInfo("nbdfuse", [FuseFolder, "--unix", Path.Combine(folder, "s")]) { UseShellExecute = false }) ?? throw new InvalidOperationException("nbdfuse did not start");
        var file = Path.Combine(FuseFolder, "nbd");
        await Patience.UntilAsync("the disk's file", TimeSpan.FromSeconds(20), () => Task.FromResult(File.Exists(file)));
        Device = (await Tool.RunAsync("losetup", ["-f", "--show", file], ct)).Trim();
        await Tool.RunAsync("mkfs.ext4", ["-q", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0", Device], ct);
        await Tool.RunAsync("mount", [Device, Mount], ct);
    }

    private static async Task TryAsync(string program, params string[] arguments)
    {
        try
        {
            await Tool.RunAsync(program, arguments, CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            await Console.Error.WriteLineAsync($"{program} {string.Join(' ', arguments)}: {e.Message}");
        }
    }
}
