using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms;

/// <summary>Waits for what a platform does by itself.</summary>
public static class PlatformWaiting
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns when it is no longer being made.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.Unavailable"/>: it takes longer than <paramref name="limit"/>.</exception>
    public static async Task<Resource> CreatedAsync(this IPlatform platform, Resource resource, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(resource);
        await UntilAsync(async () => (resource = await platform.FindAsync(resource.Kind, resource.Id, ct) ?? throw Gone(resource)).State != ResourceState.Creating, resource.Id, limit, time, ct);
        return resource;
    }

    /// <summary>Deletes, and returns when it is gone.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.Unavailable"/>: it takes longer than <paramref name="limit"/>.</exception>
    public static Task DeletedAsync(this IPlatform platform, ResourceKind kind, Guid id, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return UntilAsync(() => platform.DeleteAsync(kind, id, ct), id, limit, time, ct);
    }

    private static async Task UntilAsync(Func<Task<bool>> done, Guid id, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        var begin = time.GetTimestamp();
        using var again = new PeriodicTimer(LookEvery, time);
        while (!await done())
        {
            if (time.GetElapsedTime(begin) > limit) throw new PlatformException(PlatformFault.Unavailable, id.ToString(), $"the platform is not done after {limit.TotalSeconds:0} s");
            await again.WaitForNextTickAsync(ct);
        }
    }

    private static PlatformException Gone(Resource resource) => new(PlatformFault.NotFound, resource.Id.ToString(), "it is gone");
}
