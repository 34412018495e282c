using System.Security.Cryptography;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores.Validation;
using HyperBdr.Engine.Tests.Maintenance;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Stores;

/// <summary>What people and stores get wrong: each has its own fault, and the repository's bytes stay what they were.</summary>
public sealed class BadInput : IAsyncLifetime
{
    private const int Length = 3 * 1024 * 1024;
    private History history = null!;
    private byte[] disk = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        history = await History.CreateAsync(Ct);
        disk = history.Disk("disk", 1, Length);
        await using var repository = await history.OpenAsync(Ct);
        await History.BackUpAsync(repository, new Job("one", "disk", disk), Ct);
    }

    public ValueTask DisposeAsync()
    {
        history.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public Task A_wrong_key_is_called_one() => RefusesAsync(Fault.WrongKey, async () =>
    {
        using var other = RawKey.Create();
        await using var store = history.NewStore();
        await Repository.OpenAsync(store, other, history.NewCache(), TimeProvider.System, Ct);
    });

    [Fact]
    public async Task A_key_slot_of_another_repository_is_called_foreign()
    {
        using var other = await History.CreateAsync(Ct);
        var slot = other.Blobs.ByName.Keys.Single(n => n.StartsWith("keys/", StringComparison.Ordinal));
        foreach (var name in history.Blobs.ByName.Keys.Where(n => n.StartsWith("keys/", StringComparison.Ordinal)).ToList()) history.Blobs.ByName.TryRemove(name, out _);
        history.Blobs.ByName[slot] = other.Blobs.ByName[slot];
        await RefusesAsync(Fault.ForeignRepository, async () =>
        {
            await using var store = history.NewStore();
            await Repository.OpenAsync(store, other.Key, history.NewCache(), TimeProvider.System, Ct);
        });
    }

    [Fact]
    public async Task A_config_of_another_repository_is_called_foreign()
    {
        using var other = await History.CreateAsync(Ct);
        history.Blobs.ByName[RepositoryConfig.Name] = other.Blobs.ByName[RepositoryConfig.Name];
        await RefusesAsync(Fault.ForeignRepository, OpenAsync);
    }

    [Theory]
    [InlineData(RepositoryConfig.Name, 8)]
    [InlineData("keys/", 4)]
    public async Task A_newer_format_is_refused_as_one(string prefix, int versionAt)
    {
        var (name, bytes) = history.Blobs.ByName.Single(b => b.Key.StartsWith(prefix, StringComparison.Ordinal));
        bytes[versionAt]++;
        // A slot's name is the hash of its bytes.
        if (prefix == "keys/")
        {
            history.Blobs.ByName.TryRemove(name, out _);
            history.Blobs.ByName[KeySlot.NameOf(bytes)] = bytes;
        }

        await RefusesAsync(Fault.NewerFormat, OpenAsync);
    }

    [Fact]
    public async Task A_slot_of_a_newer_program_does_not_close_the_door_for_the_others()
    {
        var slot = history.Blobs.ByName.Single(b => b.Key.StartsWith("keys/", StringComparison.Ordinal)).Value.ToArray();
        slot[4]++;
        // Listed first.
        history.Blobs.ByName["keys/" + new string('0', 64)] = slot;
        await using var repository = await history.OpenAsync(Ct, new SortedListing(history.NewStore()));
        (await history.MustRestoreAsync(repository, Ct)).ShouldBe(["disk"]);
    }

    [Fact]
    public async Task An_empty_place_is_called_no_repository()
    {
        history.Load([]);
        await RefusesAsync(Fault.NoRepository, OpenAsync);
    }

    [Fact]
    public Task A_place_that_holds_a_repository_takes_no_other() => RefusesAsync(Fault.RepositoryExists, () => history.InitAsync(history.NewStore(), Ct));

    [Theory]
    [InlineData(-4096, Fault.SourceShrank)]
    [InlineData(-1, Fault.SourceShrank)]
    [InlineData(1, Fault.SourceGrew)]
    [InlineData(1 << 20, Fault.SourceGrew)]
    public async Task A_source_that_changes_its_length_while_it_is_read_gives_no_point(int change, Fault fault)
    {
        var path = Path.Combine(history.Root, "source");
        await File.WriteAllBytesAsync(path, disk, Ct);
        await using var source = FileSource.Open(path);
        await using (var file = File.Open(path, FileMode.Open)) file.SetLength(Length + change);
        await using var repository = await history.OpenAsync(Ct);
        await using (var session = await repository.BeginWriteAsync(new WriteRequest("two"), Ct))
        {
            (await Should.ThrowAsync<EngineException>(() => session.AddDiskAsync("sda", source, null, Ct))).Fault.ShouldBe(fault);
            (await Should.ThrowAsync<EngineException>(() => session.CommitAsync(Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        }

        (await history.MustRestoreAsync(repository, Ct)).ShouldBe(["disk"]);
    }

    [Fact]
    public Task A_clock_that_jumped_back_stops_a_session() => RefusesAsync(Fault.ClockJumped, async () =>
    {
        var clock = new MovedClock();
        clock.Move(TimeSpan.FromDays(-30));
        await using var repository = await history.OpenAsync(Ct, new WrongClock(history.NewStore(), clock));
        var parent = (await repository.ListPointsAsync(Ct)).Single().Id;
        await History.BackUpAsync(repository, new Job("one", "disk", disk, parent), Ct);
    });

    [Fact]
    public async Task A_store_that_lies_is_found_before_it_gets_anything()
    {
        var before = Sum();
        foreach (var lie in Enum.GetValues<Lie>())
        {
            await using var store = new LyingStore(history.NewStore(), lie);
            var broken = await new AttachProbe(store, new MovedClock()).RunAsync(Ct);
            broken.ShouldNotBeNull($"{lie}");
            foreach (var left in history.Blobs.ByName.Keys.Where(n => n.StartsWith("probe/", StringComparison.Ordinal)).ToList()) history.Blobs.ByName.TryRemove(left, out _);
        }

        await using (var honest = history.NewStore()) (await new AttachProbe(honest, new MovedClock()).RunAsync(Ct)).ShouldBeNull();
        Sum().ShouldBe(before);
    }

    private async Task OpenAsync()
    {
        await using var store = history.NewStore();
        await using var repository = await history.OpenAsync(Ct, store);
    }

    private async Task RefusesAsync(Fault fault, Func<Task> act)
    {
        var before = Sum();
        (await Should.ThrowAsync<EngineException>(act)).Fault.ShouldBe(fault);
        Sum().ShouldBe(before);
    }

    private string Sum() => string.Join('\n', history.Blobs.ByName.OrderBy(b => b.Key, StringComparer.Ordinal).Select(b => $"{b.Key} {Convert.ToHexString(SHA256.HashData(b.Value))}"));
}
