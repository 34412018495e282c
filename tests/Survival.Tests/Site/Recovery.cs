using System.Globalization;
using System.Text.Json.Nodes;
using HyperBdr.Demo;
using HyperBdr.Demo.Api;
using HyperBdr.Demo.Ledger;
using HyperBdr.Demo.Protect;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>Brings points back with hbdr and an escrow key alone and asks the ledger whether the disk ever was so.</summary>
internal sealed class Recovery(string hbdr, RepositoryAccess repository, LedgeredDisk disk, string folder) : IDisposable
{
    /// <summary>The store's clock counts whole seconds, and a freeze may take one.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(4);

    private LedgerIndex? index;

    /// <summary>Says what is wrong with a point; null when it restores to what the disk was at its moment.</summary>
    public async Task<string?> FaultAsync(JsonNode point)
    {
        var path = Path.Combine(folder, "restored.raw");
        try
        {
            var name = DiskOf(point);
            await Tool.RunAsync(hbdr, ["restore", repository.Place, point.Text("id"), "--disk", name, "--to", path, "--quiet", .. repository.Arguments], CancellationToken.None, repository.Environment);
            return await ComparedAsync(point, path);
        }
        catch (InvalidOperationException e)
        {
            return $"{point.Text("id")}: {e.Message}";
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>hbdr's own check of the whole repository; what it said when it found damage.</summary>
    public async Task<string?> RepositoryFaultAsync()
    {
        try
        {
            await Tool.RunAsync(hbdr, ["verify", repository.Place, "--quiet", .. repository.Arguments], CancellationToken.None, repository.Environment);
            return null;
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => index?.Dispose();

    private static string DiskOf(JsonNode point)
    {
        // A point of two disks names both; the ledger's disk is the first.
        var disks = point["disks"]!.AsArray().Select(d => d!.Text("id")).ToList();
        return disks.Count > 0 ? disks[0] : throw new ApiException($"Point {point.Text("id")} has no disk");
    }

    private async Task<string?> ComparedAsync(JsonNode point, string path)
    {
        index = await disk.IndexAsync(index, CancellationToken.None);
        var found = index.Matching(path);
        if (found.Count == 0) return $"{point.Text("id")}: the disk never had this content";
        using var history = disk.History(index.Count);
        var taken = point.Time("taken_at") ?? default;
        var prefixes = found.Where(p => Touches(history, p, taken)).ToList();
        if (prefixes.Count == 0) return string.Create(CultureInfo.InvariantCulture, $"{point.Text("id")}: of {taken:HH:mm:ss.fff}, but the disk was so at {history.Entries[(int)Math.Max(0, found[0] - 1)].At:HH:mm:ss.fff}");
        return string.Equals(await DiskHash.OfAsync(path, CancellationToken.None), history.HashAt(prefixes[0]), StringComparison.Ordinal) ? null : $"{point.Text("id")}: another SHA-256 than the ledger";
    }

    private static bool Touches(LedgerHistory history, long prefix, DateTimeOffset taken)
    {
        var (from, until) = (prefix == 0 ? DateTimeOffset.MinValue : history.Entries[(int)prefix - 1].At, prefix == history.Entries.Count ? DateTimeOffset.MaxValue : history.Entries[(int)prefix].At);
        return from <= taken + Slack && until >= taken - Slack;
    }
}
