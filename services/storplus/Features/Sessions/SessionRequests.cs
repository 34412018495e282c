using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Retention;
using HyperBdr.Contracts.Storplus.V1;
using System.Security.Cryptography;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>A checked <see cref="OpenWriteSessionRequest"/>.</summary>
internal sealed record OpenRequest(
    Guid TaskId, Guid HostId, string HostName, Guid PoolId, int Quota, IReadOnlyList<SequenceRule> Rules, string TimeZone, byte[] ReaderKey, bool Full);

/// <summary>A checked <see cref="CommitWriteSessionRequest"/>.</summary>
internal sealed record CommitRequest(Guid SessionId, string PointId, string Mode, long SentBytes)
{
    public long FreezeUs { get; init; }

    public long DurationUs { get; init; }

    public string? ConsistencyReason { get; init; }

    public string? ModeReason { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What names a check that runs: the words beside it may differ in nothing.</summary>
    public (Guid, string) Key => (SessionId, PointId);
}

/// <summary>Checks what other services send.</summary>
internal static class SessionRequests
{
    private const int DefaultQuota = 7;
    private const int MostWarnings = 32;
    private const int LongestWords = 1000;

    public static Result<OpenRequest> Check(OpenWriteSessionRequest request)
    {
        if (!Guid.TryParse(request.TaskId, out var task)) return Error.Field("task_id", "Not an identifier.");
        if (!Guid.TryParse(request.HostId, out var host)) return Error.Field("host_id", "Not an identifier.");
        if (!Guid.TryParse(request.PoolId, out var pool)) return Error.Field("pool_id", "Not an identifier.");
        if (request.HostName.Length is 0 or > 200 || request.HostName.Any(char.IsControl)) return Error.Field("host_name", "Enter a name of 1 to 200 characters.");
        var zone = request.TimeZone.Length == 0 ? "Etc/UTC" : request.TimeZone;
        if (zone.Length > 64 || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)) return Error.Field("time_zone", "Not a known time zone.");
        if (!IsKey(request.ReaderKey.ToByteArray())) return Error.Field("reader_key", "Not a P-256 public key.");
        var rules = new List<SequenceRule>();
        foreach (var rule in request.Retention)
        {
            if (!Enum.TryParse<CalendarUnit>(rule.Period, ignoreCase: true, out var period) || !Enum.TryParse<CalendarUnit>(rule.Unit, ignoreCase: true, out var unit)) return Error.Field("retention", "Units are day, week, month and year.");
            rules.Add(new SequenceRule(period, rule.Ordinal, rule.Keep, unit));
        }

        var quota = request.Quota == 0 ? DefaultQuota : request.Quota;
        // A policy from before a rule of saving must not stop its host's syncs: only what cannot be counted with is refused.
        if (RetentionBudget.Check(quota, rules) is { Code: not "retention_exceeds_quota" } problem) return Error.Field("retention", problem.Message);
        return new OpenRequest(task, host, request.HostName, pool, quota, rules, zone, request.ReaderKey.ToByteArray(), request.Full);
    }

    public static Result<CommitRequest> Check(CommitWriteSessionRequest request)
    {
        if (!Guid.TryParse(request.SessionId, out var session)) return Error.Field("session_id", "Not an identifier.");
        if (Engine.Points.PointId.TryParse(request.PointId) is null) return Error.Field("point_id", "Not a point's name.");
        if (request.Mode is not ("full" or "incremental" or "")) return Error.Field("mode", "full or incremental.");
        return new CommitRequest(session, request.PointId, request.Mode, Math.Max(0, request.SentBytes))
        {
            FreezeUs = Math.Max(0, request.FreezeUs), DurationUs = Math.Max(0, request.DurationUs),
            ConsistencyReason = Words(request.ConsistencyReason), ModeReason = Words(request.ModeReason), Warnings = [.. request.Warnings.Take(MostWarnings).Select(Words).OfType<string>()],
        };
    }

    /// <summary>A machine's own words, cut and without what a terminal or database would stumble over.</summary>
    private static string? Words(string text)
    {
        var clean = new string([.. text.Take(LongestWords).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return clean.Length == 0 ? null : clean;
    }

    private static bool IsKey(byte[] der)
    {
        try
        {
            using var key = ECDiffieHellman.Create();
            key.ImportSubjectPublicKeyInfo(der, out var read);
            return read == der.Length && key.KeySize == 256;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
