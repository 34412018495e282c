using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>agent-sync.db and the index are caches: whatever happens to them, the next point holds what the disk held.</summary>
public sealed class CacheTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task Whatever_happens_to_the_local_database_and_the_index_the_next_sync_is_right()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 32 * MiB, 16 * MiB, seed: 41));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        var database = Path.Combine(agent.Folder, "agent-sync.db");
        var index = Path.Combine(agent.Folder, "index");
        var parent = (await agent.PointAsync(pool, "first")).PointId;

        (string Name, bool Stopped, Action Harm)[] harms =
        [
            ("deleted while it is open", false, () => DeleteAll(database)),
            ("noise while it is open", false, () => Noise(database)),
            ("noise", true, () => Noise(database)),
            ("cut", true, () => Cut(database)),
            ("a damaged page", true, () => Damage(database)),
            ("noise in its log", true, () => File.WriteAllBytes(database + "-wal", Bytes(70_000))),
            ("tables of another program", true, () => OtherTables(database)),
            ("a folder in its place", true, () => FolderAt(database)),
            ("the index deleted while the agent runs", false, () => Directory.Delete(index, recursive: true)),
            ("every file of the index damaged", true, () => Array.ForEach(Directory.GetFiles(index, "*", SearchOption.AllDirectories), Damage)),
            ("every file of the index cut", true, () => Array.ForEach(Directory.GetFiles(index, "*", SearchOption.AllDirectories), Cut)),
        ];
        for (var n = 0; n < harms.Length; n++)
        {
            var (name, stopped, harm) = harms[n];
            if (stopped) agent.Stop().ShouldBe(0, name);
            harm();
            if (stopped) agent.Start();
            agent.Change(MiB * n, 8192);
            var point = await agent.PointAsync(pool, $"after-{n}", parent);
            (await pool.RestoredAsync(point.PointId)).Values.Single().ShouldBe(agent.DiskHash(), customMessage: name);
            (point.SentBytes < MiB).ShouldBeTrue($"{name}: {point.SentBytes}");
            parent = point.PointId;
        }

        agent.Cli("devices").Output.ShouldContain("synced");
    }

    [Fact]
    public async Task A_clean_up_waits_for_no_sync_and_no_sync_meets_half_of_one()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 64 * MiB, 48 * MiB, seed: 42));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        await agent.BeginAsync(pool, "sync", with: s => s.LimitBitsPerSecond = 80_000_000);
        await Waiting.UntilAsync("packs", TimeSpan.FromSeconds(30), () => Task.FromResult(pool.Packs() >= 1));
        var refused = agent.Cli("clean");
        refused.ExitCode.ShouldBe(1);
        refused.Output.ShouldBe("a sync is running (sync); stop it or wait for its end\n");
        await agent.Console.SendAsync(new Command { Id = "rate", SetRate = new SetRate { CommandId = "sync", LimitBitsPerSecond = 0 } });
        (await agent.ResultAsync("sync")).Ok.ShouldBeTrue();

        // Cleaned in the way of syncs, again and again.
        var parent = agent.Console.KeptResults["sync"].Sync.PointId;
        for (var n = 0; n < 3; n++)
        {
            agent.Change(MiB * n, 8192);
            await agent.BeginAsync(pool, $"next-{n}", parent);
            var cleaned = agent.Cli("clean");
            cleaned.Output.ShouldBeOneOf("Clean successful\n", $"a sync is running (next-{n}); stop it or wait for its end\n");
            var result = await agent.ResultAsync($"next-{n}");
            result.Ok.ShouldBeTrue($"{result.Code}: {result.Message}");
            (await pool.RestoredAsync(result.Sync.PointId)).Values.ShouldBe([agent.DiskHash()]);
            parent = result.Sync.PointId;
        }
    }

    private static void DeleteAll(string path)
    {
        foreach (var file in (string[])[path, path + "-wal", path + "-shm"]) File.Delete(file);
    }

    private static void Noise(string path)
    {
        // An agent whose file was deleted under it works on without one.
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, Bytes((int)Math.Max(4096, RandomAccess.GetLength(file))), 0);
    }

    private static void Cut(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.SetLength(file, RandomAccess.GetLength(file) / 2);
    }

    private static void Damage(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var length = RandomAccess.GetLength(file);
        if (length > 0) RandomAccess.Write(file, Bytes((int)Math.Min(64, length - (length / 2))), length / 2);
    }

    private static void FolderAt(string path)
    {
        DeleteAll(path);
        Directory.CreateDirectory(path);
    }

    private static void OtherTables(string path)
    {
        DeleteAll(path);
        Tool.Run("python3", "-c", $"import sqlite3; d = sqlite3.connect('{path}'); d.execute('create table syncs (x)'); d.execute('create table disks (y)'); d.commit()");
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
