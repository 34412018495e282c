using Google.Protobuf.WellKnownTypes;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Storplus.Domain;
using Point = HyperBdr.Storplus.Domain.Point;

namespace HyperBdr.Storplus.Features.Points;

/// <summary>A recovery point as the API shows it.</summary>
/// <param name="Id">Its manifest's name; of one that has none, the id of its session.</param>
/// <param name="ConsistencyReason">Why it is no more consistent.</param>
/// <param name="ModeReason">Why its mode is not the one that was asked for.</param>
/// <param name="FreezeUs">The longest time that a file system stood still.</param>
/// <param name="DurationUs">Of the transfer, as the machine measured it.</param>
/// <param name="Available">It can be restored from; <paramref name="Damage"/> says why not when a verification found something.</param>
/// <param name="RetainedUntil">Until when a retention rule keeps it; absent for an ordinary point.</param>
public sealed record PointView(
    string Id, Guid HostId, string HostName, Guid PoolId, PointState State, string? Code, string? Reason, DateTimeOffset TakenAt, DateTimeOffset? DoneAt,
    string Consistency, string Mode, long LengthBytes, long ReadBytes, long DeduplicatedBytes, long StoredBytes, long SentBytes,
    IReadOnlyList<DiskFacts> Disks, HoldView? Hold, DateTimeOffset? RetainedUntil,
    string? ConsistencyReason, string? ModeReason, long FreezeUs, long DurationUs, IReadOnlyList<string> Warnings, bool Available, string? Damage);

public sealed record HoldView(string Reason, string By, DateTimeOffset At);

internal static class PointViews
{
    public static PointView Of(Point point, DateTimeOffset? retainedUntil) => new(
        point.WireId, point.HostId, point.HostName, point.PoolId, point.State, point.Code, point.Reason, point.TakenAt, point.DoneAt,
        point.Consistency, point.Mode, point.LengthBytes, point.ReadBytes, point.DeduplicatedBytes, point.StoredBytes, point.SentBytes,
        point.DiskList, point.HoldReason is { } reason ? new HoldView(reason, point.HeldBy ?? "", point.HeldAt!.Value) : null, retainedUntil,
        point.ConsistencyReason, point.ModeReason, point.FreezeUs, point.DurationUs, point.WarningList, IsAvailable(point), point.Damage);

    /// <summary>It can be restored from, as far as is known.</summary>
    private static bool IsAvailable(Point point) => point is { State: PointState.CreateDone, Damage: null };

    /// <summary>The state's word on the wire.</summary>
    public static string Word(PointState state) => state switch
    {
        PointState.CreateDoing => "create_doing",
        PointState.CreateDone => "create_done",
        PointState.CreateFailed => "create_failed",
        _ => "deleting",
    };

    public static RecoveryPoint Message(Point point)
    {
        var message = new RecoveryPoint
        {
            Id = point.WireId, HostId = point.HostId.ToString(), PoolId = point.PoolId.ToString(), State = Word(point.State), TakenAt = point.TakenAt.ToTimestamp(),
            Consistency = point.Consistency, Mode = point.Mode, LengthBytes = point.LengthBytes, ReadBytes = point.ReadBytes, StoredBytes = point.StoredBytes,
            SentBytes = point.SentBytes, FreezeUs = point.FreezeUs, DurationUs = point.DurationUs, ConsistencyReason = point.ConsistencyReason ?? "", ModeReason = point.ModeReason ?? "", Available = IsAvailable(point),
        };
        message.Warnings.AddRange(point.WarningList);
        message.Disks.AddRange(point.DiskList.Select(d => new PointDisk { Id = d.Id, LengthBytes = d.LengthBytes }));
        return message;
    }
}

internal static class PointEvents
{
    public static RecoveryPointCreated Created(Point point, DateTimeOffset now) => new(point.HostId, point.PointId!, point.PoolId, point.TakenAt, point.Consistency, point.Mode, point.StoredBytes)
    {
        TenantId = point.TenantId, OccurredAt = now, HostName = point.HostName, ReadBytes = point.ReadBytes, SentBytes = point.SentBytes, FreezeUs = point.FreezeUs, DurationUs = point.DurationUs,
    };
}
