using System.Diagnostics;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Whether hardware acceleration works here, found out by starting a guest: on some hosts /dev/kvm is there, opens, and guests hang on it.</summary>
internal static class AccelerationProbe
{
    /// <summary>What a guest that ran to its end makes QEMU end with: the written value times two, and one.</summary>
    private const int Ran = 0x10 * 2 + 1;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    /// <summary>A boot sector: <c>mov al, 0x10; out 0xf4, al; cli; hlt; jmp $-2</c>, and the mark 55 AA. Port 0xf4 is QEMU's isa-debug-exit.</summary>
    private static readonly byte[] Program = [0xB0, 0x10, 0xE6, 0xF4, 0xFA, 0xF4, 0xEB, 0xFD];

    /// <returns><c>kvm</c> or <c>tcg</c>.</returns>
    public static async Task<string> FindAsync(string qemu, string folder, CancellationToken ct) => File.Exists("/dev/kvm") && await RunsAsync(qemu, "kvm", folder, ct) ? "kvm" : "tcg";

    /// <summary>Starts a guest that ends by itself at once.</summary>
    public static async Task<bool> RunsAsync(string qemu, string accelerator, string folder, CancellationToken ct)
    {
        var disk = Path.Combine(folder, "probe.img");
        var sector = new byte[512];
        Program.CopyTo(sector, 0);
        (sector[510], sector[511]) = (0x55, 0xAA);
        await File.WriteAllBytesAsync(disk, sector, ct);
        try
        {
            string[] arguments =
            [
                "-accel", accelerator, "-cpu", accelerator == "kvm" ? "host" : "qemu64", "-machine", "pc", "-m", "16", "-nodefaults", "-no-user-config", "-display", "none",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", "-drive", $"if=ide,format=raw,readonly=off,file={disk}",
            ];
            return (await HostProgram.RunAsync(new ProcessStartInfo(qemu, arguments), Limit, 1024, ct)).Code == Ran;
        }
        finally
        {
            File.Delete(disk);
        }
    }
}
