using Google.Protobuf.WellKnownTypes;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Storplus.Domain;
using Point = HyperBdr.Storplus.Domain.Point;

namespace HyperBdr.Storplus.Features.Points;

/// <summary>A recovery point as the API shows it.</summary>
/// <param name="Id">Its manifest's name; of one that has none, the id of its session.</param>
/// <param name="RetainedUntil">Until when a retention rule keeps it; absent for an ordinary point.</param>
public sealed record PointView(
    string Id, Guid HostId, string HostName, Guid PoolId, PointState State, string? Code, string? Reason, DateTimeOffset TakenAt, DateTimeOffset? DoneAt,
    string Consistency, string Mode, long LengthBytes, long ReadBytes, long DeduplicatedBytes, long StoredBytes, long SentBytes,
    IReadOnlyList<DiskFacts> Disks, HoldView? Hold, DateTimeOffset? RetainedUntil);

public sealed record HoldView(string Reason, string By, DateTimeOffset At);

internal static class PointViews
{
    public static PointView Of(Point point, DateTimeOffset? retainedUntil) => new(
        point.WireId, point.HostId, point.HostName, point.PoolId, point.State, point.Code, point.Reason, point.TakenAt, point.DoneAt,
        point.Consistency, point.Mode, point.LengthBytes, point.ReadBytes, point.DeduplicatedBytes, point.StoredBytes, point.SentBytes,
        point.DiskList, point.HoldReason is { } reason ? new HoldView(reason, point.HeldBy ?? "", point.HeldAt!.Value) : null, retainedUntil);

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
        };
        message.Disks.AddRange(point.DiskList.Select(d => new PointDisk { Id = d.Id, LengthBytes = d.LengthBytes }));
        return message;
    }
}
