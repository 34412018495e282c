using HyperBdr.Demo.Api;
using HyperBdr.Demo.Guest;
using HyperBdr.Demo.Ledger;

namespace HyperBdr.Demo.Protect;

/// <summary>Brings every disk of a point back with hbdr and an escrow key alone, and compares it with the ledger.</summary>
/// <param name="hbdr">The tool.</param>
/// <param name="repository">Its arguments and environment that name repository and key.</param>
/// <param name="host">The host whose disks they were.</param>
internal sealed class RestoreCheck(string hbdr, RepositoryAccess repository, ProductionHost host, string folder)
{
    /// <summary>A point's moment is told by the store's clock, which counts whole seconds, and the agent notes it a little before or after.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<DiskResult>> CheckAsync(Point point, CancellationToken ct)
    {
        var results = new List<DiskResult>();
        foreach (var disk in host.Disks) results.Add(await CheckAsync(point, disk, ct));
        return results;
    }

    private async Task<DiskResult> CheckAsync(Point point, GuestDisk disk, CancellationToken ct)
    {
        var path = Path.Combine(folder, disk.Name + ".raw");
        try
        {
            var name = point.Disks.SingleOrDefault(d => d.EndsWith(disk.Serial, StringComparison.Ordinal)) ?? throw new ApiException($"Point {point.Id} has no disk {disk.Serial}, only {string.Join(' ', point.Disks)}");
            await Tool.RunAsync(hbdr, ["restore", repository.Place, point.Id, "--disk", name, "--to", path, "--quiet", .. repository.Arguments], ct, repository.Environment);
            return await CompareAsync(point, disk, path, ct);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task<DiskResult> CompareAsync(Point point, GuestDisk disk, string path, CancellationToken ct)
    {
        var restored = await DiskHash.OfAsync(path, ct);
        using var history = await disk.HistoryAsync(ct);
        var runs = history.Matching(path);
        if (runs is not [var run]) return new(disk.Name, restored, null, null, null, null, Holds: false, runs.Count == 0 ? "the disk never had this content" : $"the disk had this content {runs.Count} times");
        var ledger = history.HashAt(run.First);
        var fault = string.Equals(ledger, restored, StringComparison.Ordinal) ? null : "the ledger's replay has another hash";
        var (begin, end) = (point.TakenAt - point.Freeze - Slack, point.TakenAt + point.Freeze + Slack);
        if (!run.Touches(begin, end)) fault ??= $"the disk was so from {run.From:HH:mm:ss.fff} to {run.Until:HH:mm:ss.fff}, frozen from {begin:HH:mm:ss.fff} to {end:HH:mm:ss.fff}";
        if (disk == host.Disks[^1]) fault ??= await OrdersFaultAsync(path, ct);
        return new(disk.Name, restored, ledger, run.First, run.From, run.Until, fault is null, fault);
    }

    private async Task<string?> OrdersFaultAsync(string path, CancellationToken ct)
    {
        var book = await OrderBook.ReadAsync(path, Path.Combine(folder, "orders"), ct);
        return book.IsConsistent ? null : $"of the application's orders {book.Broken.Count} are broken";
    }
}

/// <summary>How hbdr reaches a repository.</summary>
/// <param name="Place"><c>s3://bucket/prefix</c> or a folder.</param>
internal sealed record RepositoryAccess(string Place, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment);
