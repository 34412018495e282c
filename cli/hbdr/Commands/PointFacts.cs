using HyperBdr.Engine;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Hbdr.Output;

namespace HyperBdr.Hbdr.Commands;

/// <summary>Points as people name them and as reports show them.</summary>
internal static class PointFacts
{
    public const string Latest = "latest";
    private const int LeastPrefix = 4;

    /// <summary>The point that <c>latest</c>, <c>latest:HOST</c> or the beginning of an id names, if it may be restored from.</summary>
    public static async Task<PointEntry> FindAsync(Repository repository, string name, CancellationToken ct)
    {
        var found = Choose(await repository.ListPointsAsync(ct), name);
        if (found.Fault is not null) throw found.Fault;
        if (!found.Holds) throw new EngineException(Fault.MissingData, $"point {found.Id.Abbreviated}", "is void: it was published after the collector had gone past it, and data of it may be gone");
        return found;
    }

    /// <summary>The point whose id begins so, whatever its state. <c>latest</c> is refused: it may be another one a moment later.</summary>
    public static async Task<PointEntry> FindByIdAsync(Repository repository, string id, CancellationToken ct) =>
        id.StartsWith(Latest, StringComparison.Ordinal) ? throw new EngineException(Fault.InvalidArgument, id, "name the point by its id, from 'points'") : Choose(await repository.ListPointsAsync(ct), id);

    /// <summary>The latest whole point of a host, or of all; null when there is none.</summary>
    public static PointEntry? LatestOf(IReadOnlyList<PointEntry> points, string? host) =>
        points.LastOrDefault(p => p is { Point: not null, Holds: true } && (host is null || p.Point.Host == host));

    public static string State(PointEntry entry) => entry.Point is null ? "unreadable" : entry.Holds ? "ok" : "void";

    public static PointFields Fields(PointEntry entry)
    {
        var point = entry.Point;
        var fault = entry.Fault is { } e ? new ErrorFields(e.Code, e.Subject, e.Message) : null;
        if (point is null) return new(entry.Id.ToString(), State(entry), null, null, null, null, 0, [], null, null, fault);
        var disks = point.Disks.Select((disk, number) => new DiskFields(number, disk.Name, disk.Length)).ToList();
        var did = point.Statistics;
        return new(entry.Id.ToString(), State(entry), point.Host, point.TakenAt, Name(point.Consistency), point.Parent, disks.Sum(d => d.Length), disks,
            new(did.Read, did.Unchanged, did.Deduplicated, did.Added, did.Stored), point.Tags, fault);
    }

    /// <summary>A disk by its name, or by its number in the point.</summary>
    public static DiskRecord Disk(PointEntry entry, string? name)
    {
        var disks = entry.Point!.Disks;
        if (name is null) return disks.Count == 1 ? disks[0] : throw Unknown(entry, $"has {disks.Count} disks: choose one with --disk ({Names(disks)})");
        if (disks.FirstOrDefault(d => d.Name == name) is { } named) return named;
        return int.TryParse(name, out var number) && number >= 0 && number < disks.Count ? disks[number] : throw Unknown(entry, $"has no disk '{name}', but {Names(disks)}");
    }

    private static string Name(Consistency consistency) => consistency switch { Consistency.FileSystem => "file_system", Consistency.Application => "application", _ => "crash" };

    private static string Names(IReadOnlyList<DiskRecord> disks) => string.Join(", ", disks.Select(d => d.Name));

    private static EngineException Unknown(PointEntry entry, string message) => new(Fault.NotFound, $"point {entry.Id.Abbreviated}", message);

    private static PointEntry Choose(IReadOnlyList<PointEntry> points, string name)
    {
        if (name == Latest || name.StartsWith(Latest + ":", StringComparison.Ordinal))
        {
            var host = name == Latest ? null : name[(Latest.Length + 1)..];
            return LatestOf(points, host) ?? throw new EngineException(Fault.NotFound, name, "there is no such point");
        }

        var matching = name.Length < LeastPrefix ? [] : points.Where(p => p.Id.ToString().StartsWith(name, StringComparison.Ordinal)).ToList();
        return matching switch
        {
            [var one] => one,
            [] => throw new EngineException(Fault.NotFound, name, $"no point's id begins so (at least {LeastPrefix} digits)"),
            _ => throw new EngineException(Fault.InvalidArgument, name, $"{matching.Count} points' ids begin so"),
        };
    }
}
