using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Tests.Repositories;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maintenance;

public sealed class Verifications : IAsyncLifetime
{
    private TestRepository made = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Image => Path.Combine(made.Root, "disk.img");

    public async ValueTask InitializeAsync()
    {
        made = await TestRepository.CreateAsync(Ct);
        Images.Make(Image, 3, 24 << 20);
    }

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(VerifyLevel.Quick)]
    [InlineData(VerifyLevel.Tags)]
    [InlineData(VerifyLevel.Full)]
    public async Task A_whole_repository_has_no_findings(VerifyLevel level)
    {
        await using var repository = await made.OpenAsync(Ct);
        var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        Images.Change(Image, 9, 30);
        await TestRepository.BackUpAsync(repository, Image, first, null, Ct);

        var progress = new VerifyProgress();
        var result = await Verifier.RunAsync(repository, new VerifyOptions { Level = level }, progress, Ct);

        result.IsWhole.ShouldBeTrue(string.Join('\n', result.Findings));
        result.Points.ShouldBe(2);
        result.Packs.ShouldBe(Packs().Length);
        result.UnindexedPacks.ShouldBe(0);
        progress.DoneBytes.ShouldBe(level == VerifyLevel.Quick ? 0 : Packs().Sum(p => p.Length));
        progress.TotalBytes.ShouldBe(progress.DoneBytes);
        (result.Blobs > 0).ShouldBe(level != VerifyLevel.Quick);
    }

    [Theory]
    [InlineData(VerifyLevel.Tags, 11)]
    [InlineData(VerifyLevel.Full, 12)]
    public async Task Every_flipped_bit_of_a_pack_is_found_and_its_damage_is_what_a_restore_meets(VerifyLevel level, int seed)
    {
        PointId id;
        await using (var writing = await made.OpenAsync(Ct)) id = await TestRepository.BackUpAsync(writing, Image, null, null, Ct);
        var random = new Random(seed);
        var packs = Packs();
        for (var i = 0; i < 40; i++)
        {
            var pack = packs[random.Next(packs.Length)];
            var bytes = await File.ReadAllBytesAsync(pack.FullName, Ct);
            // The first and last bytes too: header, directory, trailer.
            var at = i % 4 == 0 ? random.Next(64) : i % 4 == 1 ? bytes.Length - 1 - random.Next(200) : random.Next(bytes.Length);
            bytes[at] ^= (byte)(1 << random.Next(8));
            await Flipped(pack.FullName, bytes, async () =>
            {
                await using var repository = await made.OpenAsync(Ct);
                var result = await Verifier.RunAsync(repository, new VerifyOptions { Level = level }, new VerifyProgress(), Ct);
                result.Findings.ShouldNotBeEmpty($"byte {at} of {bytes.Length}");
                result.Findings.ShouldContain(f => f.Subject.Contains(pack.Name, StringComparison.Ordinal));
                await MustBeTrue(repository, id, result);
            });
        }
    }

    [Theory]
    [InlineData(VerifyLevel.Quick)]
    [InlineData(VerifyLevel.Tags)]
    [InlineData(VerifyLevel.Full)]
    public async Task A_pack_that_is_gone_or_cut_is_found_and_the_rest_is_checked(VerifyLevel level)
    {
        PointId id;
        await using (var writing = await made.OpenAsync(Ct)) id = await TestRepository.BackUpAsync(writing, Image, null, null, Ct);
        var pack = Packs().MaxBy(p => p.Length)!;
        var bytes = await File.ReadAllBytesAsync(pack.FullName, Ct);
        foreach (var keep in (int[])[-1, 0, 63, 5_000, bytes.Length - 1])
        {
            File.Delete(pack.FullName);
            if (keep >= 0) await File.WriteAllBytesAsync(pack.FullName, bytes[..keep], Ct);
            await using var repository = await made.OpenAsync(Ct);
            var result = await Verifier.RunAsync(repository, new VerifyOptions { Level = level }, new VerifyProgress(), Ct);
            result.IsWhole.ShouldBeFalse();
            if (level != VerifyLevel.Quick) await MustBeTrue(repository, id, result);
            if (keep < 0) result.Damage.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_read_is_a_finding_and_hides_nothing_else()
    {
        await using var repository = await made.OpenAsync(Ct);
        var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        Images.Change(Image, 9, 30);
        await TestRepository.BackUpAsync(repository, Image, first, null, Ct);
        var path = Path.Combine(made.Folder, "points", first.ToString());
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Ct);

        var result = await Verifier.RunAsync(repository, new VerifyOptions(), new VerifyProgress(), Ct);

        result.Points.ShouldBe(1);
        result.Findings.Single().ShouldSatisfyAllConditions(f => f.Fault.ShouldBe(Fault.Corrupt), f => f.Subject.ShouldBe($"points/{first}"));
        result.Damage.ShouldBeEmpty();
    }

    /// <summary>The damage is exactly what a block by block read of the point meets.</summary>
    private static async Task MustBeTrue(Repository repository, PointId id, VerifyResult result)
    {
        var session = await repository.BeginReadAsync(Ct);
        var disk = (await repository.ListPointsAsync(Ct)).Single(p => p.Id == id).Point!.Disks[0];
        var damaged = result.Damage.SelectMany(d => d.Ranges).ToList();
        await using var source = session.OpenDisk(id, disk);
        var buffer = new byte[64 * Block.Size];
        for (long at = 0; at < disk.Length; at += buffer.Length)
        {
            if (damaged.Exists(r => r.Offset < at + buffer.Length && r.End > at))
            {
                (await Should.ThrowAsync<EngineException>(async () => await source.ReadAsync(at, buffer, Ct))).Fault.ShouldBeOneOf(Fault.Corrupt, Fault.MissingData);
            }
            else
            {
                await source.ReadAsync(at, buffer, Ct);
            }
        }
    }

    private static async Task Flipped(string path, byte[] bytes, Func<Task> run)
    {
        var before = await File.ReadAllBytesAsync(path, Ct);
        await File.WriteAllBytesAsync(path, bytes, Ct);
        await run();
        await File.WriteAllBytesAsync(path, before, Ct);
    }

    private FileInfo[] Packs() => new DirectoryInfo(Path.Combine(made.Folder, "packs")).GetFiles("*", SearchOption.AllDirectories);
}
