using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Tests.Maintenance;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Formats;

/// <summary>Repositories that earlier programs wrote stay readable, and can be gone on with.</summary>
public sealed class GoldenTests : IDisposable
{
    private const long MostBytes = 300 * 1024;
    private readonly string root = Directory.CreateTempSubdirectory("hyperbdr-golden-").FullName;
    private int caches;

    /// <summary>Every version that was ever released, and the one that is being made.</summary>
    public static TheoryData<int> Versions => [.. Enumerable.Range(1, RepositoryConfig.FormatVersion)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task The_golden_repository_of_this_format_is_written_on_purpose_only()
    {
        var folder = GoldenRepository.FolderOf(RepositoryConfig.FormatVersion);
        if (Environment.GetEnvironmentVariable("HYPERBDR_UPDATE_GOLDEN") == "1") await GoldenRepository.WriteAsync(folder, Ct);
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length).ShouldBeInRange(1, MostBytes);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Every_point_comes_back_by_the_key_file_and_by_the_passphrase(int version)
    {
        var folder = Copy(version);
        using var key = KeyFile.Read(GoldenRepository.Key(folder));
        using var passphrase = new Passphrase(GoldenRepository.Passphrase);
        foreach (var source in new KeySource[] { key, passphrase })
        {
            await using var repository = await OpenAsync(folder, source);
            (await RestoreAsync(repository)).ShouldBe(await SumsAsync(folder));
            var result = await Verifier.RunAsync(repository, new VerifyOptions(), new VerifyProgress(), Ct);
            result.IsWhole.ShouldBeTrue(string.Join('\n', result.Findings));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task New_points_are_added_old_ones_removed_and_the_rest_is_collected(int version)
    {
        var folder = Copy(version);
        using var key = KeyFile.Read(GoldenRepository.Key(folder));
        var sums = await SumsAsync(folder);
        await using var repository = await OpenAsync(folder, key);
        var points = await repository.ListPointsAsync(Ct);
        var first = points.Single(p => p.Point!.Tags["content"] == "first");
        var disk = Disks.Of(1, 2, 3);
        await History.BackUpAsync(repository, new Job("one", "new", disk, points.Single(p => p.Point!.Tags["content"] == "second").Id), Ct);
        sums["new"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(disk));
        await Collector.DeletePointAsync(repository, first.Id, DeleteDanger.None, Ct);
        sums.Remove("first");
        var removed = 0;
        for (var run = 0; run < 5; run++) removed += (await Collector.RunAsync(repository, new CollectPolicy { MinimumAge = TimeSpan.Zero }, new CollectProgress(), Ct)).DeletedPacks;

        removed.ShouldBeGreaterThan(0);
        await using var again = await OpenAsync(folder, key);
        (await RestoreAsync(again)).ShouldBe(sums);
        (await Verifier.RunAsync(again, new VerifyOptions(), new VerifyProgress(), Ct)).IsWhole.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Without_any_index_every_point_comes_back_from_packs_and_manifests(int version)
    {
        var folder = Copy(version);
        using var key = KeyFile.Read(GoldenRepository.Key(folder));
        Directory.Delete(Path.Combine(GoldenRepository.Store(folder), "index"), recursive: true);
        await using var repository = await OpenAsync(folder, key);
        (await IndexRebuilder.RunAsync(repository, new VerifyProgress(), Ct)).Findings.ShouldBeEmpty();
        (await RestoreAsync(repository)).ShouldBe(await SumsAsync(folder));
    }

    private static async Task<SortedDictionary<string, string>> SumsAsync(string folder) =>
        new((await File.ReadAllLinesAsync(GoldenRepository.Sums(folder), Ct)).Select(l => l.Split(' ')).ToDictionary(p => p[0], p => p[1]), StringComparer.Ordinal);

    private static async Task<SortedDictionary<string, string>> RestoreAsync(Repository repository)
    {
        var sums = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var session = await repository.BeginReadAsync(Ct);
        foreach (var entry in await repository.ListPointsAsync(Ct))
        {
            entry.Fault.ShouldBeNull();
            entry.Holds.ShouldBeTrue();
            sums[entry.Point!.Tags["content"]] = Convert.ToHexStringLower(await History.RestoreAsync(session, entry.Point.Disks[0], Ct));
        }

        return sums;
    }

    private Task<Repository> OpenAsync(string folder, KeySource key) =>
        Repository.OpenAsync(new FolderStore(GoldenRepository.Store(folder)), key, Path.Combine(root, $"cache-{caches++}"), TimeProvider.System, Ct);

    // The committed files are never opened: a test that wrote to them would spoil the next run.
    private string Copy(int version)
    {
        var from = GoldenRepository.FolderOf(version);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(root, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return root;
    }
}
