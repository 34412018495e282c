using System.Globalization;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>How much one scrub reads.</summary>
public sealed record ScrubOptions
{
    /// <summary>A run checks one pack in so many, 1 to 10,000: after that many runs each was checked.</summary>
    public int Parts { get; init; } = 30;

    /// <summary>Packs that are checked side by side, 1 to 64.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 64);
}

/// <summary>Checks the next share of all packs in full, in the order of their ids; a cursor in the local cache says where the last run ended.</summary>
/// <remarks>A cursor that is lost or damaged begins anew: that costs time, nothing else. Changes nothing in the repository.</remarks>
public static class Scrubber
{
    private const string CursorName = "scrub.cursor";

    /// <summary>Runs one scrub; the result is that of a full verification of these packs, with all manifests and maps.</summary>
    /// <exception cref="EngineException">As <see cref="Verifier.RunAsync(Repository, VerifyOptions, VerifyProgress, CancellationToken)"/>; <see cref="Fault.CacheFailed"/>.</exception>
    public static async Task<VerifyResult> RunAsync(Repository repository, ScrubOptions options, VerifyProgress progress, CancellationToken ct)
    {
        if (options.Parts is < 1 or > 10_000) throw new EngineException(Fault.InvalidArgument, "scrub options", "parts must be 1 to 10,000");
        var path = Path.Combine(repository.CacheFolder, CursorName);
        await SyncAsync(repository, ct);
        var (after, chosen) = Choose([.. repository.Index.Packs.Select(p => p.Id)], await ReadAsync(path, ct), options.Parts);
        var verify = new VerifyOptions { Level = VerifyLevel.Full, Workers = options.Workers };
        var result = await Verifier.RunAsync(repository, verify.Checked(), chosen.Contains, progress, ct);
        await WriteAsync(path, after, ct);
        return result;
    }

    /// <summary>The packs after the cursor, as many as a share has, from the beginning again after the last.</summary>
    internal static (PackId? Cursor, HashSet<PackId> Chosen) Choose(List<PackId> packs, PackId? cursor, int parts)
    {
        if (packs.Count == 0) return (null, []);
        packs.Sort();
        var first = cursor is { } last ? packs.FindIndex(p => p.CompareTo(last) > 0) : 0;
        if (first < 0) first = 0;
        var count = (packs.Count + parts - 1) / parts;
        List<PackId> chosen = [.. Enumerable.Range(first, count).Select(i => packs[i % packs.Count])];
        return (chosen[^1], [.. chosen]);
    }

    private static async Task SyncAsync(Repository repository, CancellationToken ct)
    {
        try
        {
            await repository.SyncIndexAsync(ct);
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.MissingEpoch)
        {
            // The verification reports it.
        }
    }

    private static async Task<PackId?> ReadAsync(string path, CancellationToken ct)
    {
        try
        {
            return PointId.TryParse((await File.ReadAllTextAsync(path, ct)).Trim()) is { } id ? new PackId(id.Value) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task WriteAsync(string path, PackId? cursor, CancellationToken ct)
    {
        try
        {
            await File.WriteAllTextAsync(path, string.Create(CultureInfo.InvariantCulture, $"{cursor}\n"), ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.CacheFailed, path, e.Message, e);
        }
    }
}
