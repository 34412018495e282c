using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Damage;

/// <summary>Local caches are damaged, old or gone, and indexes too: no change is lost, and every point comes back.</summary>
public sealed class DamagedCaches : IAsyncLifetime
{
    private History history = null!;
    private string cache = null!;
    private PointId parent;
    private Job increment = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        history = await History.CreateAsync(Ct);
        var disk = history.Disk("before", 51, 4 * 1024 * 1024);
        cache = history.NewCache();
        await using (var repository = await history.OpenAsync(Ct, cache: cache)) parent = await History.BackUpAsync(repository, new Job("one", "before", disk), Ct);
        var (later, _) = history.Changed("after", disk, 52, 12);
        increment = new Job("one", "after", later, parent);
    }

    public ValueTask DisposeAsync()
    {
        history.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_damaged_cache_never_hides_a_change()
    {
        var whole = history.Save();
        var random = new Random(53);
        for (var run = 0; run < Scale.Runs(250, 3000); run++)
        {
            history.Load(whole);
            var copy = Copy();
            var files = Directory.GetFiles(copy, "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length > 0).Order(StringComparer.Ordinal).ToArray();
            var path = files[run % files.Length];
            Damage(path, random);
            await BackUpAndRestoreAsync(copy, $"run {run}: {path}");
        }
    }

    [Fact]
    public async Task A_cache_of_an_older_point_never_hides_a_change()
    {
        var older = Copy();
        await BackUpAndRestoreAsync(cache, "first");
        // The folder as it was before the last point, as a restored machine would have it.
        var (disk, _) = history.Changed("last", increment.Disk, 54, 12);
        await using var repository = await history.OpenAsync(Ct, cache: older);
        var latest = (await repository.ListPointsAsync(Ct)).Single(p => p.Id != parent);
        await History.BackUpAsync(repository, new Job("one", "last", disk, latest.Id), Ct);
        await History.BackUpAsync(repository, new Job("one", "after", increment.Disk, latest.Id), Ct);
        (await history.MustRestoreAsync(repository, Ct)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Without_any_cache_all_is_well() => await BackUpAndRestoreAsync(history.NewCache(), "no cache");

    [Fact]
    public async Task Without_any_cache_or_index_every_point_comes_back_from_packs_and_manifests()
    {
        await BackUpAndRestoreAsync(cache, "whole");
        var packs = history.Blobs.ByName.Keys.Count(n => n.StartsWith("packs/", StringComparison.Ordinal));
        foreach (var name in history.Blobs.ByName.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal)).ToList()) history.Blobs.ByName.TryRemove(name, out _);

        await using var repository = await history.OpenAsync(Ct);
        var session = await repository.BeginReadAsync(Ct);
        var disk = (await repository.ListPointsAsync(Ct))[0].Point!.Disks[0];
        (await Should.ThrowAsync<EngineException>(() => History.RestoreAsync(session, disk, Ct))).Fault.ShouldBe(Fault.MissingData);
        (await IndexRebuilder.RunAsync(repository, new VerifyProgress(), Ct)).PacksAdded.ShouldBe(packs);

        (await history.MustRestoreAsync(repository, Ct)).Order().ShouldBe(["after", "before"]);
        await using var other = await history.OpenAsync(Ct, cache: cache);
        (await history.MustRestoreAsync(other, Ct)).Order().ShouldBe(["after", "before"]);
    }

    private async Task BackUpAndRestoreAsync(string folder, string what)
    {
        try
        {
            await using (var repository = await history.OpenAsync(Ct, cache: folder)) await History.BackUpAsync(repository, increment, Ct);
            await using var other = await history.OpenAsync(Ct);
            string.Join(' ', (await history.MustRestoreAsync(other, Ct)).Order()).ShouldBe("after before", what);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException(what, e);
        }
    }

    private static void Damage(string path, Random random)
    {
        var bytes = File.ReadAllBytes(path);
        switch (random.Next(5))
        {
            case 0:
                bytes = bytes[..random.Next(bytes.Length)];
                break;
            case 1:
                bytes = [.. bytes, .. bytes];
                break;
            case 2:
                random.NextBytes(bytes.AsSpan(Math.Min(bytes.Length - 1, 4096)));
                break;
            default:
                for (var flips = random.Next(1, 20); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
        }

        File.WriteAllBytes(path, bytes);
    }

    private string Copy()
    {
        var to = history.NewCache();
        foreach (var file in Directory.EnumerateFiles(cache, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(cache, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return to;
    }
}
