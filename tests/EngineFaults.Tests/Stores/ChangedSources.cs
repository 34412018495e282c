using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Stores;

/// <summary>Disks that change their length between two points, with a cache and without.</summary>
public sealed class ChangedSources : IAsyncLifetime
{
    private const int Whole = 5 * 1024 * 1024;
    private History history = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => history = await History.CreateAsync(Ct);

    public ValueTask DisposeAsync()
    {
        history.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(Whole / 2, true)]
    [InlineData(Whole / 2, false)]
    [InlineData((Whole / 2) + 1000, true)]
    [InlineData((Whole / 2) + 1000, false)]
    [InlineData(4096, true)]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(0, false)]
    public async Task A_disk_that_shrank_and_grew_again_to_its_old_content_comes_back(int length, bool sameCache)
    {
        // Its blocks beyond the shorter end are what they were two points ago, and in the point before they are not at all.
        var disk = history.Disk("whole", 1, Whole);
        var shorter = history.Enter("shorter", disk[..length]);
        var cache = history.NewCache();
        PointId? parent = null;
        foreach (var (content, bytes) in new[] { ("whole", disk), ("shorter", shorter), ("whole", disk), ("shorter", shorter), ("whole", disk) })
        {
            await using var repository = await history.OpenAsync(Ct, cache: sameCache ? cache : history.NewCache());
            parent = await History.BackUpAsync(repository, new Job("one", content, bytes, parent), Ct);
        }

        await using var last = await history.OpenAsync(Ct);
        (await history.MustRestoreAsync(last, Ct)).Count.ShouldBe(5);
    }
}
