using HyperBdr.Demo.Ledger;

namespace HyperBdr.Demo.Guest;

/// <summary>One disk of the production host: its first content, the image that it writes to, and the journal of what it wrote.</summary>
/// <param name="Name">The file name of its parts.</param>
/// <param name="FirstPath">Its content before the first boot; never written.</param>
/// <param name="Disk">What QEMU writes to.</param>
public sealed record GuestDisk(string Name, string FirstPath, string JournalPath, LedgerDisk Disk) : IAsyncDisposable
{
    /// <summary>What the guest sees as the disk's serial number.</summary>
    public string Serial => "production-" + Name;

    public async Task<LedgerHistory> HistoryAsync(CancellationToken ct) => LedgerHistory.Open(FirstPath, JournalPath, await Disk.SettleAsync(ct));

    public ValueTask DisposeAsync() => Disk.DisposeAsync();

    internal static async Task<GuestDisk> CreateAsync(string folder, string name, string first, TimeProvider time, CancellationToken ct)
    {
        var (image, journal) = (Path.Combine(folder, name + ".raw"), Path.Combine(folder, name + ".journal"));
        await Tool.RunAsync("cp", ["--sparse=always", "--reflink=auto", first, image], ct);
        return new(name, first, journal, LedgerDisk.Open(image, journal, time));
    }
}
