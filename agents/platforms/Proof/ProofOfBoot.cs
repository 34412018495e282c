using System.Text.RegularExpressions;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Proof;

/// <summary>Finds out whether a machine came up and does its work. Success is only ever what probes have shown.</summary>
public static class ProofOfBoot
{
    private static readonly TimeSpan TryEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>No single try may take longer: a guest that accepts and never answers must not use up the limit.</summary>
    private static readonly TimeSpan TryLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs all probes side by side until each held or its limit is over, or the machine is no longer on.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>: there is no such machine; <see cref="PlatformFault.InvalidRequest"/>: a probe makes no sense.</exception>
    public static async Task<ProofResult> RunAsync(IPlatform platform, Guid machine, IReadOnlyList<Probe> probes, TimeProvider time, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(platform);
        ArgumentNullException.ThrowIfNull(probes);
        ArgumentNullException.ThrowIfNull(time);
        var (begun, clock) = (time.GetUtcNow(), time.GetTimestamp());
        var target = new ProofTarget(platform, machine, (await platform.InspectAsync(machine, ct)).SerialFrom, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watch = WatchAsync(target, stop);
        var results = await Task.WhenAll(probes.Select(p => ProbeAsync(p, target, clock, stop.Token)));
        await stop.CancelAsync();
        ct.ThrowIfCancellationRequested();
        // Asked last: a machine that fell over right after its probes held is not proven.
        var reason = await watch ?? await NotRunningAsync(target, ct) ?? Failed(results);
        var state = reason is not null ? ProofState.Failed : results.Length > 0 ? ProofState.Proven : ProofState.Unproven;
        return new(state, begun, time.GetElapsedTime(clock), results, reason ?? (state == ProofState.Unproven ? "no probe was asked for" : null));
    }

    private static string? Failed(ProbeResult[] results) => results.FirstOrDefault(r => !r.Holds) is { } failed ? $"{failed.Name} did not hold in time: {failed.Evidence}" : null;

    private static async Task<ProbeResult> ProbeAsync(Probe probe, ProofTarget target, long clock, CancellationToken stop)
    {
        var tries = 0;
        var last = new Attempt(false, "no answer in time");
        using var again = new PeriodicTimer(TryEvery, target.Time);
        try
        {
            do
            {
                tries++;
                // What an earlier try saw says more than that the last one was cut short.
                last = await TryOnceAsync(probe, target, probe.Limit - target.Time.GetElapsedTime(clock), stop) ?? last;
                if (last.Holds) break;
            }
            while (target.Time.GetElapsedTime(clock) < probe.Limit && await again.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            last = last with { Holds = false };
        }

        return new(probe.Name, probe.Kind, last.Holds, target.Time.GetElapsedTime(clock), tries, last.Evidence);
    }

    /// <returns>Null when there was no answer in time.</returns>
    private static async Task<Attempt?> TryOnceAsync(Probe probe, ProofTarget target, TimeSpan left, CancellationToken stop)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        // A program has its own limit; everything else answers soon or is asked again.
        var limit = probe is ScriptProbe || left < TryLimit ? left : TryLimit;
        late.CancelAfter(limit > TimeSpan.Zero ? limit : TimeSpan.FromMilliseconds(1));
        try
        {
            return await probe.TryAsync(target, late.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
        catch (PlatformException e) when (e.Fault is PlatformFault.Unavailable or PlatformFault.NotRunning or PlatformFault.Failed)
        {
            return new(false, e.Message);
        }
        catch (RegexMatchTimeoutException)
        {
            return new(false, "the regular expression takes too long");
        }
    }

    /// <returns>Why the machine is no longer on; null when the probes ended first.</returns>
    private static async Task<string?> WatchAsync(ProofTarget target, CancellationTokenSource stop)
    {
        using var again = new PeriodicTimer(TryEvery, target.Time);
        try
        {
            while (await again.WaitForNextTickAsync(stop.Token))
            {
                if (await IfKnownAsync(target, stop.Token) is not { } reason) continue;
                await stop.CancelAsync();
                return reason;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The probes have ended.
        }

        return null;
    }

    /// <summary>A platform that does not answer for a moment ends no proof; the last question must be answered.</summary>
    private static async Task<string?> IfKnownAsync(ProofTarget target, CancellationToken ct)
    {
        try
        {
            return await NotRunningAsync(target, ct);
        }
        catch (PlatformException e) when (e.Fault == PlatformFault.Unavailable)
        {
            return null;
        }
    }

    private static async Task<string?> NotRunningAsync(ProofTarget target, CancellationToken ct)
    {
        if (await target.Platform.FindAsync(ResourceKind.Machine, target.Machine, ct) is not { } found) return "the machine was deleted";
        return found.State == ResourceState.Running ? null : $"the machine is {found.State.ToString().ToLowerInvariant()}" + (found.Reason is { } why ? $": {why}" : "");
    }
}
