using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms;

/// <summary>Removes what nobody needs any more: of one owner only, whatever platform it is on.</summary>
public static class Leftovers
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Deletes all of the owner's whose lease has ended, or whose task <paramref name="isAlive"/> does not know; machines first, as they hold the others.</summary>
    /// <param name="isAlive">Whether a task still runs; must say yes when it does not know for sure.</param>
    /// <returns>What was found, each with the reason why it could not be removed, or null.</returns>
    public static async Task<IReadOnlyList<(Resource Found, string? Kept)>> RemoveAsync(IPlatform platform, Guid owner, Func<Guid, bool> isAlive, TimeProvider time, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(platform);
        ArgumentNullException.ThrowIfNull(isAlive);
        var stale = new List<Resource>();
        await foreach (var resource in platform.ListAsync(owner, ct))
        {
            if (IsStale(resource)) stale.Add(resource);
        }

        var results = new List<(Resource, string?)>();
        foreach (var resource in stale.OrderByDescending(r => r.Kind))
        {
            // Asked again: a lease may have been extended while others were removed.
            if (await platform.FindAsync(resource.Kind, resource.Id, ct) is { } still && IsStale(still)) results.Add((still, await TryRemoveAsync(platform, still, time, ct)));
        }

        return results;

        bool IsStale(Resource resource) => resource.Tags.LeaseUntil < time.GetUtcNow() || !isAlive(resource.Tags.Task);
    }

    private static async Task<string?> TryRemoveAsync(IPlatform platform, Resource resource, TimeProvider time, CancellationToken ct)
    {
        try
        {
            await platform.DeletedAsync(resource.Kind, resource.Id, Limit, time, ct);
            return null;
        }
        catch (PlatformException e)
        {
            // One that cannot go, for instance a network that a living machine is on, keeps no other.
            return e.Message;
        }
    }
}
