using System.Globalization;
using System.Security.Cryptography;

namespace HyperBdr.Demo.Guest;

/// <summary>The application's view of a data disk: its log of orders, each with the SHA-256 of its file.</summary>
/// <param name="Newest">Number of the last order in the log.</param>
/// <param name="Whole">Places whose file is the one that the log names last.</param>
/// <param name="Broken">Places whose file is another one, or missing. One may be: the order whose file has its name and whose line is not written yet.</param>
public sealed record OrderBook(long Newest, int Whole, IReadOnlyList<string> Broken)
{
    /// <summary>Where the disk's one partition begins; see <see cref="GuestBuild"/>.</summary>
    private const int PartitionAt = 1 << 20;

    public bool IsConsistent => Newest > 0 && Broken.Count <= 1;

    /// <summary>Reads the book from the image of a data disk, without mounting it.</summary>
    /// <param name="folder">An empty place to copy the files to; deleted again.</param>
    public static async Task<OrderBook> ReadAsync(string imagePath, string folder, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        try
        {
            await Tool.RunAsync("/sbin/debugfs", ["-R", $"rdump /orders {folder}", $"{imagePath}?offset={PartitionAt}"], ct);
            return await JudgeAsync(Path.Combine(folder, "orders"), ct);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<OrderBook> JudgeAsync(string orders, CancellationToken ct)
    {
        var newest = 0L;
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(orders, "log"), ct))
        {
            if (line.Split(' ') is not [var number, var place, var sum]) throw new InvalidDataException($"The log of orders has a line \"{line}\".");
            var next = long.Parse(number, CultureInfo.InvariantCulture);
            if (next != newest + 1) throw new InvalidDataException($"After order {newest} the log has order {next}.");
            (newest, sums[place]) = (next, sum);
        }

        var broken = new List<string>();
        foreach (var (place, sum) in sums)
        {
            var path = Path.Combine(orders, place);
            if (!File.Exists(path) || !string.Equals(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, ct))), sum, StringComparison.Ordinal)) broken.Add(place);
        }

        return new(newest, sums.Count - broken.Count, broken);
    }
}
