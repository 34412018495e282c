using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Storplus.V1;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Findings about what is used up or in the way: disks, space, keys, licence, speed, takeover.</summary>
internal sealed partial class ReadinessRules
{
    /// <summary>A licence that ends sooner is worth a warning.</summary>
    private static readonly TimeSpan LicenceEndsSoon = TimeSpan.FromDays(30);

    private void Changed(List<HostDisk> taking)
    {
        const string Code = "disks_unchanged";
        if (host.SyncedDisks is null) return;
        var change = DiskSet.Compare(host.SyncedDisks, taking);
        if (change.Shrunk.Count > 0) Add(Code, Verdict.Blocked, "A disk shrank: only a full sync that is asked for can go on from there.", string.Join(" ", change.News), now);
        else if (change.News.Count > 0) Add(Code, Verdict.Warning, "The disks are not those of the last recovery point.", string.Join(" ", change.News), now);
        else Add(Code, Verdict.Ready, "The disks are those of the last recovery point.", $"{taking.Count} disks", now);
    }

    private void Space(Pool pool)
    {
        const string Code = "pool_space";
        if (pool.TotalBytes <= 0)
        {
            // A bucket elsewhere grows as far as its account allows; one of ours is measured after the first sync.
            Add(Code, Verdict.Ready, pool.Kind == "s3" ? "No limit of the storage pool is known." : "The storage pool's space was not measured yet.", $"kind {pool.Kind}", now);
            return;
        }

        var evidence = $"{Bytes.Text(pool.FreeBytes)} of {Bytes.Text(pool.TotalBytes)} are free";
        if (pool.FreeBytes <= 0) Add(Code, Verdict.Blocked, "The storage pool is full.", evidence, now);
        else Add(Code, pool.NearlyFull ? Verdict.Warning : Verdict.Ready, pool.NearlyFull ? "The storage pool is nearly full." : "The storage pool has space.", evidence, now);
    }

    private void Keys(Pool pool)
    {
        if (!pool.HasRepository) return;
        if (pool.Escrowed) Add("key_escrowed", Verdict.Ready, "A key that is kept elsewhere opens the repository.", "escrow slot", now);
        else Add("key_escrowed", Verdict.Warning, "Only this installation can open the repository: export an escrow key and keep it elsewhere.", "no escrow slot", now);
        if (pool.Damaged) Add("repository_whole", Verdict.Warning, "The last verification of the repository found damage.", pool.Name, now);
        else Add("repository_whole", Verdict.Ready, "No verification found damage in the repository.", pool.Name, now);
    }

    private void Licence()
    {
        const string Code = "licence";
        if (licence.ExpiresAt is { } end && end - now < LicenceEndsSoon) Add(Code, Verdict.Warning, "The host's licence ends soon.", $"ends {end:u}; {licence.Free} other units are free", now);
        else if (licence.ExpiresAt is { } until) Add(Code, Verdict.Ready, "The host has a licence unit.", $"until {until:u}", now);
        else if (licence.Free > 0) Add(Code, Verdict.Ready, "The host's next sync takes a licence unit.", $"{licence.Free} units are free", now);
        else Add(Code, Verdict.Blocked, Domain.Licences.Licence.Insufficient.Message, "no unit is free", now);
    }

    /// <summary>In a window that lets through less than what changes, the next sync finds more than it can send.</summary>
    private void Limits()
    {
        const string Code = "speed_limit";
        if (policy is not { Enabled: true } || policy.Times.Limits.Lowest is not { } lowest) return;
        // How much it changes is known after its first incremental sync.
        if (host.ChangeBytesPerDay is not { } changes) return;
        var evidence = $"lowest limit {lowest / 1_000_000} Mbps";
        if (lowest < BitsPerSecond(changes)) Add(Code, Verdict.Warning, "A speed limit lets through less than what changes on the host.", $"{evidence}; {Bytes.Text(changes)} a day change ({BitsPerSecond(changes) / 1e6:0.0} Mbps)", host.LastSyncEndedAt ?? now);
        else Add(Code, Verdict.Ready, "The speed limits let through what changes on the host.", $"{evidence}; {Bytes.Text(changes)} a day change", host.LastSyncEndedAt ?? now);
    }

    private void Taken()
    {
        if (host.TakenOverAt is { } since) Add("takeover", Verdict.Warning, "A takeover carries the host's business: its schedules pause until it is released.", $"since {since:u}", since);
    }

    internal static double BitsPerSecond(long bytesPerDay) => bytesPerDay * 8 / TimeSpan.SecondsPerDay;
}
