using System.Text.Json;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Retention;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>Looks at the machine as it is now and opens the write session.</summary>
internal static class PrepareStep
{
    private const string QuotaExhausted = "storplus.points.quota_exhausted";

    public static async Task<StepResult> RunAsync(StepRun run, CancellationToken ct)
    {
        var db = run.Services.GetRequiredService<AntDb>();
        var hostId = Guid.Parse(run.Values[SyncPlan.Host]);
        if (await db.SyncRemains.AnyAsync(r => r.HostId == hostId && r.RunId != run.RunId, ct)) throw new TransientFault("The host's earlier sync is still being ended");
        if (await db.Hosts.AsNoTracking().SingleOrDefaultAsync(h => h.Id == hostId, ct) is not { } host) return StepResult.Fail(ProtectedHost.NotFound.Code, "The host was removed meanwhile.");

        var machine = await Remote.AskAsync("The registry of machines", () =>
            run.Services.GetRequiredService<Machines.MachinesClient>().GetMachineAsync(new GetMachineRequest { MachineId = hostId.ToString() }, cancellationToken: ct).ResponseAsync, ct);
        if (machine.IsError) return StepResult.Fail(machine.Error.Code, $"The host's machine cannot be used: {machine.Error.Message}");
        if (Unusable(machine.Value) is { } fault) return fault;
        var excluded = host.ExcludedDisks.Union(machine.Value.Settings?.ExcludedDiskIds ?? []).ToList();
        var disks = machine.Value.Inventory?.Disks.Where(d => !d.Excluded && !excluded.Contains(d.Id)).ToList() ?? [];
        if (disks.Exists(d => d.LengthBytes <= 0)) return StepResult.Fail("ant.host.disk_length", $"The length of {string.Join(", ", disks.Where(d => d.LengthBytes <= 0).Select(d => d.Device))} is not known; look at the agent's inventory.");
        if (disks.Count == 0) return StepResult.Fail("ant.host.no_disks", "No disk of the host takes part; include at least one.");

        var taking = DiskSet.Of(disks);
        var change = DiskSet.Compare(host.SyncedDisks, taking);
        if (change.Shrunk.Count > 0 && !IsFullByWish(run)) return StepResult.Fail("disk_shrunk", $"{string.Join(" ", change.News)} Only a full sync that is asked for can go on from there.");
        foreach (var gone in change.Gone.Where(d => !excluded.Contains(d.Id))) db.Add(DiskGone(host, gone, run.Services.GetRequiredService<TimeProvider>().GetUtcNow()));

        var policy = host.PolicyId is { } id ? await db.Policies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id && p.Enabled, ct) : null;
        var request = RequestOf(run, host, machine.Value, policy);
        var session = await Remote.AskAsync("The storage service", () =>
            run.Services.GetRequiredService<WriteSessions.WriteSessionsClient>().OpenAsync(request, cancellationToken: ct, deadline: run.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddMinutes(2).UtcDateTime).ResponseAsync, ct);
        if (session.IsError) return StepResult.Fail(session.Error.Code == QuotaExhausted ? "snapshot_quota_exhausted" : session.Error.Code, session.Error.Message);
        return Passed(session.Value, taking, change.News, excluded);
    }

    /// <summary>A person or a full schedule asked for it; it was not only made full because of something.</summary>
    private static bool IsFullByWish(StepRun run) => run.Values[SyncPlan.Mode] == SyncModes.Full && run.Values[SyncPlan.ModeReason].Length == 0;

    private static MachineProblem DiskGone(ProtectedHost host, HostDisk disk, DateTimeOffset now) =>
        new(host.Id, host.Name, "ant.host.disk_gone", $"The disk {disk.Device} ({Bytes.Text(disk.LengthBytes)}) of the last recovery point is gone or left out.") { TenantId = host.TenantId, OccurredAt = now };

    private static StepResult? Unusable(Machine machine) => machine.Availability switch
    {
        "active" => null,
        "quarantined" => StepResult.Fail("ant.host.quarantined", "The host's machine is quarantined: another machine shows the same identity. Decide which one is right first."),
        "revoked" => StepResult.Fail("ant.host.revoked", "The certificate of the host's machine was revoked; install the agent again."),
        _ => StepResult.Fail(ProtectedHost.Offline.Code, ProtectedHost.Offline.Message),
    };

    private static OpenWriteSessionRequest RequestOf(StepRun run, ProtectedHost host, Machine machine, Policy? policy)
    {
        var request = new OpenWriteSessionRequest
        {
            TaskId = run.RunId.ToString(),
            HostId = host.Id.ToString(),
            HostName = host.Name,
            PoolId = run.Values[SyncPlan.Pool],
            Quota = policy?.Quota ?? Policy.DefaultQuota,
            TimeZone = policy?.TimeZone ?? "UTC",
            ReaderKey = machine.PublicKey,
            Full = run.Values[SyncPlan.Mode] == SyncModes.Full,
        };
        foreach (var rule in policy?.Body.Retention ?? [])
            request.Retention.Add(new RetentionRule { Period = Word(rule.Period), Ordinal = rule.Ordinal, Keep = rule.Keep, Unit = Word(rule.Unit) });
        return request;
    }

    private static StepResult Passed(WriteSession session, List<HostDisk> disks, IReadOnlyList<string> news, List<string> excluded) => StepResult.Pass(
        $"{disks.Count} {(disks.Count == 1 ? "disk" : "disks")} with {Bytes.Text(disks.Sum(d => d.LengthBytes))}; {(session.ParentPointId.Length == 0 ? "everything is read" : "changes since the last recovery point are read")}. {string.Join(" ", news)}".TrimEnd(),
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SyncPlan.Session] = session.Id,
            [SyncPlan.Sealed] = session.Sealed.ToBase64(),
            [SyncPlan.ActualMode] = session.ParentPointId.Length == 0 ? SyncModes.Full : SyncModes.Incremental,
            [SyncPlan.Excluded] = string.Join('\n', excluded),
            [SyncPlan.Disks] = JsonSerializer.Serialize(disks, Json.Options),
        });

    private static string Word(CalendarUnit unit) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(unit.ToString());
}

/// <summary>Sizes for people.</summary>
internal static class Bytes
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Text(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < Units.Length - 1; unit++) value /= 1024;
        return unit == 0 ? $"{bytes} bytes" : $"{value:0.0} {Units[unit]}";
    }
}
