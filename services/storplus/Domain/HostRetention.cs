using System.Text.Json;
using HyperBdr.Contracts.Retention;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

/// <summary>The retention that a host's policy had when its last sync began; housekeeping goes by it.</summary>
public sealed class HostRetention : ITenantOwned
{
    private HostRetention()
    {
    }

    public Guid HostId { get; private init; }
    public Guid TenantId { get; private init; }
    public int Quota { get; private set; }
    public string TimeZone { get; private set; } = "Etc/UTC";
    /// <summary>JSON of <see cref="SequenceRule"/>s.</summary>
    public string Rules { get; private set; } = "[]";

    public IReadOnlyList<SequenceRule> RuleList => JsonSerializer.Deserialize<List<SequenceRule>>(Rules) ?? [];

    public TimeZoneInfo Zone => TimeZoneInfo.FindSystemTimeZoneById(TimeZone);

    public static HostRetention Of(Guid hostId, Guid tenantId) => new() { HostId = hostId, TenantId = tenantId };

    /// <summary>Takes what the policy says now. A rule that was not there before applies from the present period on; at a host's first sync there is nothing before.</summary>
    public void Take(int quota, string timeZone, IReadOnlyList<SequenceRule> rules, DateTimeOffset now)
    {
        var before = RuleList.ToDictionary(r => r with { Since = null }, r => r.Since);
        Rules = JsonSerializer.Serialize(rules.Select(r => r with { Since = before.TryGetValue(r with { Since = null }, out var since) ? since : now }));
        (Quota, TimeZone) = (quota, timeZone);
    }
}
