using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Repositories;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Damage;

/// <summary>A damaged epoch keeps nobody from restoring, and is neither written nor collected over.</summary>
public sealed class DamagedEpochs
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Points_come_back_and_nothing_is_deleted_when_the_latest_epoch_is_damaged(int collections)
    {
        using var history = await Target.MakeAsync(Ct);
        await using (var repository = await history.OpenAsync(Ct))
        {
            for (var run = 1; run < collections; run++) await Collector.RunAsync(repository, new CollectPolicy(), new CollectProgress(), Ct);
        }

        var latest = history.Blobs.ByName.Keys.Where(n => n.StartsWith("epochs/", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        history.Blobs.ByName[latest][history.Blobs.ByName[latest].Length / 2] ^= 1;
        var before = history.Save();

        await using var damaged = await history.OpenAsync(Ct);
        (await history.MustRestoreAsync(damaged, Ct)).Count.ShouldBe(Target.Points);
        (await Verifier.RunAsync(damaged, new VerifyOptions { Level = VerifyLevel.Quick }, new VerifyProgress(), Ct)).Findings.ShouldContain(f => f.Subject == latest);
        (await Should.ThrowAsync<EngineException>(() => damaged.BeginWriteAsync(new WriteRequest("one"), Ct))).Fault.ShouldBe(Fault.Corrupt);
        (await Should.ThrowAsync<EngineException>(() => Collector.RunAsync(damaged, new CollectPolicy(), new CollectProgress(), Ct))).Fault.ShouldBe(Fault.Corrupt);
        history.Save().Keys.Order(StringComparer.Ordinal).ShouldBe(before.Keys.Order(StringComparer.Ordinal));
    }
}
