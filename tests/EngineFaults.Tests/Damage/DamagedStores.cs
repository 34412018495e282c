using HyperBdr.Engine;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Damage;

/// <summary>Bits flip, files are cut, lost and swapped: what comes out is what went in, or a clear fault.</summary>
public sealed class DamagedStores : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>What damage may be called.</summary>
    private static readonly Fault[] Named =
    [
        Fault.Corrupt, Fault.MissingData, Fault.NotFound, Fault.WrongKey, Fault.MissingEpoch, Fault.ForeignRepository, Fault.NewerFormat, Fault.NoRepository, Fault.StoreLies,
    ];

    private readonly Dictionary<Fault, int> seen = [];
    private History history = null!;
    private Dictionary<string, byte[]> whole = null!;
    private string[][] kinds = null!;
    private int restored;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        history = await Target.MakeAsync(Ct);
        whole = history.Save();
        kinds = [.. whole.Keys.GroupBy(n => n.Split('/')[0]).Select(g => g.Order(StringComparer.Ordinal).ToArray())];
    }

    public ValueTask DisposeAsync()
    {
        history.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_target_has_every_structure_and_is_whole()
    {
        kinds.Select(k => k[0].Split('/')[0]).Order().ShouldBe(["config", "epochs", "index", "keyring", "keys", "packs", "points"]);
        whole.Count(b => b.Key.StartsWith("packs/", StringComparison.Ordinal)).ShouldBeGreaterThan(5);
        (await CheckAsync("nothing", null)).ShouldBe(Target.Points);
    }

    [Fact]
    public async Task A_flipped_bit_is_never_read_as_data()
    {
        var random = new Random(21);
        for (var run = 0; run < Scale.Runs(2000, 10_000); run++)
        {
            var name = Pick(random);
            var bytes = whole[name].ToArray();
            var at = Place(random, bytes.Length);
            bytes[at] ^= (byte)(1 << random.Next(8));
            await DamagedAsync(name, bytes, $"bit of byte {at} of {name}", run % 4 == 0);
        }

        MustHaveSeen(Fault.Corrupt, Fault.NewerFormat, Fault.ForeignRepository, Fault.NoRepository);
    }

    [Fact]
    public async Task A_byte_of_any_value_in_a_header_or_trailer_is_never_read_as_data()
    {
        var random = new Random(22);
        for (var run = 0; run < Scale.Runs(600, 4000); run++)
        {
            var name = Pick(random);
            var bytes = whole[name].ToArray();
            var at = run % 2 == 0 ? random.Next(Math.Min(96, bytes.Length)) : bytes.Length - 1 - random.Next(Math.Min(64, bytes.Length));
            for (var i = at; i < Math.Min(bytes.Length, at + random.Next(1, 9)); i++) bytes[i] = (byte)(run % 3 == 0 ? 0xFF : random.Next(256));
            await DamagedAsync(name, bytes, $"bytes from {at} of {name}", warm: false);
        }
    }

    [Fact]
    public async Task A_cut_object_is_never_read_as_data()
    {
        var random = new Random(23);
        for (var run = 0; run < Scale.Runs(500, 2000); run++)
        {
            var name = Pick(random);
            var length = run % 5 == 0 ? random.Next(0, Math.Min(80, whole[name].Length)) : random.Next(whole[name].Length);
            await DamagedAsync(name, whole[name][..length], $"{name} cut to {length}", run % 4 == 0);
        }
    }

    [Fact]
    public async Task An_object_that_has_grown_is_never_read_as_other_data()
    {
        foreach (var name in whole.Keys)
        {
            await DamagedAsync(name, [.. whole[name], 0], $"{name} with a byte more", warm: false);
            await DamagedAsync(name, [.. whole[name], .. whole[name]], $"{name} twice", warm: false);
        }
    }

    [Fact]
    public async Task A_lost_object_is_missed_and_two_swapped_ones_are_told_apart()
    {
        foreach (var name in whole.Keys)
        {
            history.Load(whole);
            history.Blobs.ByName.TryRemove(name, out _);
            var back = await CheckAsync($"{name} lost", null);
            // Nothing says how many points there were; all others are as they were.
            if (name.StartsWith("points/", StringComparison.Ordinal)) back.ShouldBe(Target.Points - 1);
            if (name.StartsWith("packs/", StringComparison.Ordinal)) back.ShouldBeLessThan(Target.Points);
        }

        foreach (var kind in kinds)
        {
            foreach (var (one, other) in kind.Zip(kind.Skip(1)))
            {
                history.Load(whole);
                (history.Blobs.ByName[one], history.Blobs.ByName[other]) = (whole[other], whole[one]);
                (await CheckAsync($"{one} and {other} swapped", null)).ShouldBeLessThan(Target.Points);
            }
        }
    }

    private string Pick(Random random)
    {
        var kind = kinds[random.Next(kinds.Length)];
        return kind[random.Next(kind.Length)];
    }

    // Half of them near an end, where the structures are.
    private static int Place(Random random, int length) => random.Next(4) switch
    {
        0 => random.Next(Math.Min(length, PackLayout.HeaderSize + 40)),
        1 => length - 1 - random.Next(Math.Min(length, 300)),
        _ => random.Next(length),
    };

    private async Task DamagedAsync(string name, byte[] bytes, string what, bool warm)
    {
        string? cache = null;
        if (warm)
        {
            history.Load(whole);
            cache = history.NewCache();
            await using var repository = await history.OpenAsync(Ct, cache: cache);
            await repository.BeginReadAsync(Ct);
        }

        history.Load(whole);
        history.Blobs.ByName[name] = bytes;
        await CheckAsync(what, cache);
    }

    private async Task<int> CheckAsync(string what, string? cache)
    {
        cache ??= history.NewCache();
        try
        {
            return await ReadAllAsync(what, cache).WaitAsync(Limit);
        }
        catch (EngineException e)
        {
            Note(e, what);
            return 0;
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException(what, e);
        }
        finally
        {
            if (Directory.Exists(cache)) Directory.Delete(cache, recursive: true);
        }
    }

    private async Task<int> ReadAllAsync(string what, string cache)
    {
        await using var repository = await history.OpenAsync(Ct, cache: cache);
        var back = 0;
        foreach (var entry in await repository.ListPointsAsync(Ct))
        {
            if (entry.Fault is { } unreadable) Note(unreadable, what);
            if (entry.Point is null || !entry.Holds) continue;
            back += await ReadAsync(repository, entry, what) ? 1 : 0;
        }

        return back;
    }

    private async Task<bool> ReadAsync(Repository repository, PointEntry entry, string what)
    {
        try
        {
            var session = await repository.BeginReadAsync(Ct);
            var hash = await History.RestoreAsync(session, entry.Point!.Disks[0], Ct);
            hash.SequenceEqual(history.HashOf(entry.Point)).ShouldBeTrue($"wrong bytes: {what}");
            restored++;
            return true;
        }
        catch (EngineException e)
        {
            Note(e, what);
            return false;
        }
    }

    private void Note(EngineException e, string what)
    {
        Named.ShouldContain(e.Fault, $"{what}: {e.Message}");
        seen[e.Fault] = seen.GetValueOrDefault(e.Fault) + 1;
    }

    private void MustHaveSeen(params Fault[] faults)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen.Select(s => $"{s.Key} {s.Value}")) + $", restored {restored}");
        foreach (var fault in faults) seen.ShouldContainKey(fault);
    }
}
