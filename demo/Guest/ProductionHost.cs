using System.Diagnostics;
using System.Globalization;
using HyperBdr.Engine.Nbd;

namespace HyperBdr.Demo.Guest;

/// <summary>A small real Linux machine in QEMU with an application that keeps writing. Its disks are served by this process,
/// block by block into a ledger; its console is a log file and a line for commands.</summary>
public sealed class ProductionHost : IAsyncDisposable
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan OffLimit = TimeSpan.FromMinutes(1);
    private readonly string folder;
    private readonly Process qemu;
    private readonly NbdServer server;
    private readonly QmpClient qmp;
    private bool off;

    private ProductionHost(string folder, Process qemu, NbdServer server, QmpClient qmp, GuestConsole console, IReadOnlyList<GuestDisk> disks)
    {
        (this.folder, this.qemu, this.server, this.qmp) = (folder, qemu, server, qmp);
        (Console, Disks) = (console, disks);
    }

    public GuestConsole Console { get; }

    /// <summary>The root disk, then the data disk.</summary>
    public IReadOnlyList<GuestDisk> Disks { get; }

    /// <summary>What the kernel and the guest's scripts say.</summary>
    public string SerialLog => Path.Combine(folder, "serial.log");

    public int ProcessId => qemu.Id;

    public bool HasExited => qemu.HasExited;

    /// <summary>Where other programs on this machine can read a disk, as <c>hbdr</c> takes it.</summary>
    public string ReadUri(GuestDisk disk) => Uri(folder, disk.Name);

    /// <summary>Boots the host from its first disks, built when need be.</summary>
    /// <param name="folder">An empty folder, short enough for socket names, for everything of this one host.</param>
    /// <returns>When it is up: disks mounted, network there, application at work.</returns>
    public static async Task<ProductionHost> BootAsync(GuestFolder first, string folder, TimeProvider time, CancellationToken ct)
    {
        await first.BuildAsync(ct);
        Directory.CreateDirectory(folder);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(BootLimit);
        var disks = new List<GuestDisk>
        {
            await GuestDisk.CreateAsync(folder, "root", first.RootDisk, time, ct),
            await GuestDisk.CreateAsync(folder, "data", first.DataDisk, time, ct),
        };
        var disksServer = new NbdServer([.. disks.Select(d => new NbdExport(d.Name, d.Disk, d.Disk))], time: time);
        disksServer.ListenUnix(Path.Combine(folder, "disks.sock"));
        var guest = Start(first, folder, disks);
        try
        {
            var control = await QmpClient.ConnectAsync(await SocketAsync(guest, folder, "qmp.sock", limit.Token), limit.Token);
            var console = await GuestConsole.ConnectAsync(await SocketAsync(guest, folder, "console.sock", limit.Token), limit.Token);
            await console.GreetingAsync(limit.Token);
            var host = new ProductionHost(folder, guest, disksServer, control, console, disks);
            await host.SetClockAsync(time, limit.Token);
            await host.AtWorkAsync(limit.Token);
            return host;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            var serial = Path.Combine(folder, "serial.log");
            if (!guest.HasExited) guest.Kill();
            await guest.WaitForExitAsync(CancellationToken.None);
            await disksServer.DisposeAsync();
            foreach (var disk in disks) await disk.DisposeAsync();
            ct.ThrowIfCancellationRequested();
            throw new InvalidOperationException($"The production host did not come up ({e.Message}). Its console said: {Tail(serial)}", e);
        }
    }

    /// <summary>Number of the newest order that is on the disk for good.</summary>
    public async Task<long> OrdersAsync(CancellationToken ct)
    {
        var (code, line) = await Console.TryRunAsync("tail -n 1 /data/orders/log | cut -d' ' -f1", ct);
        return code == 0 && long.TryParse(line, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    /// <summary>Presses the power button and waits until the guest has gone off by itself.</summary>
    public async Task PowerOffAsync(CancellationToken ct)
    {
        if (off) return;
        off = true;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(OffLimit);
        try
        {
            await qmp.ExecuteAsync("system_powerdown", limit.Token);
        }
        catch (Exception e) when (e is IOException)
        {
            // It went off at this moment.
        }

        await qemu.WaitForExitAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        off = true;
        if (!qemu.HasExited) qemu.Kill();
        await qemu.WaitForExitAsync();
        qemu.Dispose();
        qmp.Dispose();
        Console.Dispose();
        await server.DisposeAsync();
        foreach (var disk in Disks) await disk.DisposeAsync();
    }

    /// <summary>The clock that the kernel took from the emulated hardware may be seconds off; the guest has no time server.</summary>
    private async Task SetClockAsync(TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var next = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + 1);
        await Task.Delay(next - now, time, ct);
        await Console.RunAsync($"date -s @{next.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}", ct);
    }

    private async Task AtWorkAsync(CancellationToken ct)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        while (await OrdersAsync(ct) < 3) await again.WaitForNextTickAsync(ct);
    }

    /// <summary>Emulation only: on many machines /dev/kvm is there and guests hang on it.</summary>
    private static Process Start(GuestFolder first, string folder, IEnumerable<GuestDisk> disks)
    {
        List<string> arguments =
        [
            "-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35", "-m", "512", "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-name", "production", "-uuid", "5f0c2b1e-7a7d-4c57-9d3b-0a6f6a1d9c01", "-rtc", "base=utc,clock=host",
            "-smbios", "type=1,manufacturer=HyperBdr,product=Production,serial=production-1",
            "-kernel", first.Kernel, "-initrd", first.Initrd, "-append", "console=ttyS0 panic=-1 quiet net.ifnames=0",
            "-serial", $"file:{Path.Combine(folder, "serial.log")}",
            "-chardev", $"socket,id=console,path={Path.Combine(folder, "console.sock")},server=on,wait=off", "-serial", "chardev:console",
            "-qmp", $"unix:{Path.Combine(folder, "qmp.sock")},server=on,wait=off",
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,mac=52:54:00:b0:0d:01", "-device", "virtio-rng-pci",
        ];
        foreach (var disk in disks)
        {
            arguments.AddRange(["-drive", $"if=none,id={disk.Name},format=raw,cache=writeback,discard=unmap,file={Uri(folder, disk.Name)}"]);
            arguments.AddRange(["-device", $"virtio-blk-pci,drive={disk.Name},serial={disk.Serial}"]);
        }

        var start = new ProcessStartInfo("qemu-system-x86_64", arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardInput = true };
        var guest = Process.Start(start) ?? throw new InvalidOperationException("QEMU did not start");
        guest.StandardInput.Close();
        return guest;
    }

    private static async Task<string> SocketAsync(Process qemu, string folder, string name, CancellationToken ct)
    {
        var path = Path.Combine(folder, name);
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!File.Exists(path))
        {
            if (qemu.HasExited) throw new InvalidOperationException($"QEMU ended: {await qemu.StandardError.ReadToEndAsync(ct)}");
            await again.WaitForNextTickAsync(ct);
        }

        return path;
    }

    private static string Uri(string folder, string name) => $"nbd+unix:///{name}?socket={Path.Combine(folder, "disks.sock")}";

    private static string Tail(string path) => File.Exists(path) ? string.Join(" | ", File.ReadLines(path).TakeLast(8)) : "nothing";
}
