using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Storplus.V1;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>What each answer means. Pure.</summary>
internal sealed partial class ReadinessRules(ProtectedHost host, Policy? policy, LicenceLook licence, DateTimeOffset now)
{
    private static readonly string[] Unsupported = ["crypto_luks", "zfs_member", "oracleasm", "btrfs", "thin-pool"];
    private readonly List<Finding> findings = [];

    /// <param name="machine">Null when porter did not answer; likewise the others.</param>
    /// <param name="pool">Null also when the host has none.</param>
    public List<Finding> Judge(Result<Machine>? machine, Result<Pool>? pool, Result<ListPointsResponse>? points)
    {
        Agent(machine);
        Disks(machine);
        Place(pool);
        LastPoint(points);
        Plan();
        Clock();
        Tracking();
        Licence();
        Limits();
        Taken();
        return findings;
    }

    private void Agent(Result<Machine>? answer)
    {
        if (answer is not { } machine) Add("agent_online", Verdict.Unknown, "The registry of machines does not answer.", $"last known state {Word(host.Health)}", host.HealthSince);
        else if (machine.IsError) Add("agent_online", Verdict.Blocked, "The host's machine is not registered any more.", machine.Error.Code, now);
        else if (machine.Value.Availability == "active") Add("agent_online", Verdict.Ready, "The agent is online.", $"version {machine.Value.Version}", Seen(machine.Value));
        else Add("agent_online", Verdict.Blocked, $"The agent is {machine.Value.Availability}.", host.HealthReason ?? "no heartbeat", Seen(machine.Value));
    }

    private DateTimeOffset Seen(Machine machine) => machine.LastSeenAt?.ToDateTimeOffset() ?? host.HealthSince;

    private void Disks(Result<Machine>? answer)
    {
        const string Code = "disks_supported";
        if (answer is not { IsError: false } machine)
        {
            Add(Code, Verdict.Unknown, "The host's disks are not known.", host.Facts is { } f ? $"{f.DiskCount} disks at the last inventory" : "no inventory", host.HealthSince);
            return;
        }

        var inventory = machine.Value.Inventory ?? new Inventory();
        var taking = inventory.Disks.Where(d => !d.Excluded && !host.ExcludedDisks.Contains(d.Id)).ToList();
        var strange = taking.SelectMany(d => d.Volumes).Where(v => Unsupported.Contains(v.FileSystem, StringComparer.OrdinalIgnoreCase)).Select(v => $"{v.Device} ({v.FileSystem})").ToList();
        var evidence = $"{taking.Count} of {inventory.Disks.Count} disks take part";
        if (taking.Count == 0) Add(Code, Verdict.Blocked, "No disk takes part.", evidence, now);
        else if (taking.Exists(d => d.LengthBytes <= 0)) Add(Code, Verdict.Blocked, "The length of a disk is not known.", string.Join(", ", taking.Where(d => d.LengthBytes <= 0).Select(d => d.Device)), now);
        else if (inventory.Disks.Any(d => d.Boot && host.ExcludedDisks.Contains(d.Id))) Add(Code, Verdict.Warning, "The boot disk is excluded: the host cannot be started from its points.", evidence, now);
        else if (strange.Count > 0) Add(Code, Verdict.Warning, "Some volumes are of a kind that is not supported; they are copied as they are, without a file system's help.", string.Join(", ", strange.Take(8)), now);
        else Add(Code, Verdict.Ready, "All disks are supported.", evidence, now);
        Changed(DiskSet.Of(taking));
    }

    private void Place(Result<Pool>? answer)
    {
        if (host.PoolId is null)
        {
            Add("pool_available", Verdict.Blocked, "The host has no storage pool; set up disaster recovery first.", Word(host.Stage), now);
            return;
        }

        if (answer is not { } pool)
        {
            Add("pool_available", Verdict.Unknown, "The storage service does not answer.", $"pool {host.PoolName}", now);
            return;
        }

        if (pool.IsError)
        {
            Add("pool_available", Verdict.Blocked, "The storage pool does not exist any more.", pool.Error.Code, now);
            return;
        }

        var value = pool.Value;
        Add("pool_available", value.State == "available" ? Verdict.Ready : Verdict.Blocked, value.State == "available" ? "The storage pool is available." : "The storage pool is not available.", $"{value.Name}: {value.State}", now);
        Space(value);
        Keys(value);
        if (value.Kind == "gateway") Add("scoped_credentials", Verdict.Ready, "The host writes with keys that can neither delete nor overwrite.", $"kind {value.Kind}", now);
        else Add("scoped_credentials", Verdict.Warning, "The storage pool cannot give keys of limited rights: whoever takes over the host can delete its points.", $"kind {value.Kind}", now);
    }

    private void LastPoint(Result<ListPointsResponse>? answer)
    {
        const string Code = "last_point";
        if (answer is not { IsError: false } points)
        {
            Add(Code, Verdict.Unknown, "The catalogue of recovery points does not answer.", host.LastPointAt is { } known ? $"last known point of {known:u}" : "no point known", host.LastPointAt ?? now);
            return;
        }

        var newest = points.Value.Points.Where(p => p.State == "create_done" && p.TakenAt is not null).MaxBy(p => p.TakenAt.ToDateTimeOffset());
        if (newest is null)
        {
            Add(Code, Verdict.Warning, "There is no recovery point yet.", $"{points.Value.Total} in the catalogue", now);
            return;
        }

        var at = newest.TakenAt.ToDateTimeOffset();
        if (!newest.Available) Add("point_whole", Verdict.Blocked, "The newest recovery point is damaged: a verification found that it cannot be restored whole.", $"point of {at:u}", at);
        else Add("point_whole", Verdict.Ready, "No verification found anything wrong with the newest recovery point.", $"point of {at:u}, {newest.Consistency} consistent", at);
        var late = Objective() is { } objective && now - at > objective;
        Add(Code, late ? Verdict.Warning : Verdict.Ready, late ? "The newest recovery point is older than the policy intends." : "The newest recovery point is as recent as the policy intends.",
            $"point of {at:u}{(Objective() is { } o ? $"; at most {o:c} are intended" : "")}", at);
    }

    /// <summary>Two of the widest spacings of the next ticks: one missed run is no alarm.</summary>
    private TimeSpan? Objective()
    {
        if (policy is not { Enabled: true }) return null;
        var times = policy.Times;
        var ticks = new[] { times.Incremental, times.Full }.OfType<Schedule>().Select(s => s.After(NodaTime.Instant.FromDateTimeOffset(now)).Take(8).ToList())
            .Where(t => t.Count > 1).Select(t => t.Zip(t.Skip(1), (a, b) => b - a).Max()).ToList();
        return ticks.Count == 0 ? null : ticks.Min().ToTimeSpan() * 2;
    }

    private void Plan()
    {
        if (policy is null) Add("policy", Verdict.Warning, "No policy is attached: nothing is synchronised by itself.", "none", now);
        else if (!policy.Enabled) Add("policy", Verdict.Warning, "The policy is disabled: nothing is synchronised by itself.", policy.Name, now);
        else if (policy.NextTickAt is not { } next) Add("policy", Verdict.Warning, "The policy has no schedule that comes.", policy.Name, now);
        else Add("policy", Verdict.Ready, "The policy is enabled.", $"{policy.Name}, next at {next:u}", now);
    }

    private void Clock()
    {
        var wrong = host.Problems.Find(p => p.Code.Contains("clock", StringComparison.Ordinal));
        if (wrong is not null) Add("clock", Verdict.Blocked, "The host's clock is wrong.", wrong.Message, wrong.At);
        else if (host.IsOnline) Add("clock", Verdict.Ready, "The host's clock was not found wrong.", "no report since it came online", host.HealthSince);
        else Add("clock", Verdict.Unknown, "The host's clock is not known while it is offline.", Word(host.Health), host.HealthSince);
    }

    private void Tracking()
    {
        const string Code = "tracking_state";
        if (host.Problems.Find(p => p.Code.Contains("tracking", StringComparison.Ordinal)) is { } lost) Add(Code, Verdict.Warning, "Changes are not tracked: the next sync reads everything.", lost.Message, lost.At);
        else if (host.NeedsFull is { } why) Add(Code, Verdict.Warning, "The next sync reads everything.", why, host.LastSyncEndedAt ?? now);
        else if (host.LastSyncNote is { } note) Add(Code, Verdict.Warning, "The last sync was not what was asked for.", note, host.LastSyncEndedAt ?? now);
        else if (host.LastSyncMode is null) Add(Code, Verdict.Unknown, "Tracking starts with the first sync.", "never synchronised", now);
        else Add(Code, Verdict.Ready, "Changes are tracked.", $"last sync {host.LastSyncMode}", host.LastSyncEndedAt ?? now);
    }

    private void Add(string code, Verdict state, string message, string evidence, DateTimeOffset seen) =>
        findings.Add(new Finding(code, state, message, evidence, Math.Max(0, (long)(now - seen).TotalSeconds)));

    private static string Word<TEnum>(TEnum value)
        where TEnum : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
