using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Tests.Repositories;
using HyperBdr.Hbdr.Tests;
using Shouldly;

namespace HyperBdr.EngineFaults.Tests.Processes;

/// <summary>A repository in a folder with a point of one host, and backups that the published hbdr makes on copies of it while something breaks.</summary>
internal sealed class Rig : IDisposable
{
    private const int Mib = 1024 * 1024;
    private readonly History ledger = new();
    private readonly RawKey key;

    private Rig(string image, string changes)
    {
        Image = image;
        Changes = changes;
        Call("/", 0, "init", Path.Combine(Prepared, "repository"));
        key = KeyFile.Read(KeyPath);
    }

    public string Image { get; }

    /// <summary>The change map of <see cref="Image"/> since the prepared point.</summary>
    public string Changes { get; }

    public string Prepared => Path.Combine(ledger.Root, "prepared");

    private string KeyPath => Path.Combine(ledger.Root, "key");

    public static Rig Prepare()
    {
        var folder = Directory.CreateTempSubdirectory("hyperbdr-rig-").FullName;
        var (image, changes) = (Path.Combine(folder, "image"), Path.Combine(folder, "changes"));
        var rig = new Rig(image, changes);
        Images.Make(image, 31, 8 * Mib);
        rig.ledger.Enter("before", File.ReadAllBytes(image));
        rig.Call(rig.Prepared, 0, "backup", Path.Combine(rig.Prepared, "repository"), image, "--host", "one", "--tag", "content=before", "--pack-size", "1MiB");
        var changed = Images.Change(image, 32, 60, mostBlocks: 20);
        File.WriteAllLines(changes, changed.Select(c => $"{c.Offset} {c.Length}"));
        rig.ledger.Enter("after", File.ReadAllBytes(image));
        return rig;
    }

    /// <summary>The kinds of backups that are broken.</summary>
    public IReadOnlyList<string[]> Workloads =>
    [
        [Image, "--host", "one"],
        [Image, "--host", "one", "--changed", Changes],
        [Image, "--host", "two", "--compression", "none"],
    ];

    /// <summary>A copy of what was prepared, with its cache.</summary>
    public string Copy(string name)
    {
        var folder = Path.Combine(ledger.Root, name);
        Directory.CreateDirectory(folder);
        Tool.Run("cp", "-a", $"{Prepared}/.", folder);
        return folder;
    }

    /// <summary>Runs hbdr on a copy, under the program before it when there is one.</summary>
    public (int Code, string Output) Backup(string folder, string[] workload, params string[] under) =>
        Run(folder, [.. under, Tool.Hbdr, "backup", Path.Combine(folder, "repository"), .. workload, "--tag", "content=after", "--pack-size", "1MiB"]);

    /// <summary>How often each thread of this backup makes each call, the most of all threads.</summary>
    public Dictionary<string, int> Count(string[] workload, string calls)
    {
        var folder = Copy($"count-{Guid.CreateVersion7():n}");
        var trace = Path.Combine(folder, "trace");
        var (code, output) = Backup(folder, workload, "strace", "-f", "-qq", "-o", trace, "-e", $"trace={calls}");
        code.ShouldBe(0, output);
        var most = File.ReadLines(trace).Select(l => l.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries)).Where(p => p[1].Contains('(', StringComparison.Ordinal))
            .GroupBy(p => (Thread: p[0], Call: p[1][..p[1].IndexOf('(', StringComparison.Ordinal)]))
            .GroupBy(g => g.Key.Call, g => g.Count()).ToDictionary(g => g.Key, g => g.Max(), StringComparer.Ordinal);
        Directory.Delete(folder, recursive: true);
        return most;
    }

    /// <summary>Nothing is lost, and the same backup made again is whole; then the copy is removed.</summary>
    public async Task MustGoOnAsync(string folder, string[] workload, bool verify, CancellationToken ct)
    {
        var (code, output) = Run(folder, [Tool.Hbdr, "points", Path.Combine(folder, "repository"), "--json"]);
        code.ShouldBe(0, output);
        output.ShouldNotContain("unreadable");
        var listed = await ContentsAsync(folder, "cache", verify: false, ct);
        listed.ShouldContain("before");
        (code, output) = Backup(folder, workload);
        code.ShouldBe(0, output);
        (await ContentsAsync(folder, "other-cache", verify, ct)).Count.ShouldBe(listed.Count + 1);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Restores every point and compares; by the cache that the backup used, or by a new one.</summary>
    public async Task<List<string>> ContentsAsync(string folder, string cache, bool verify, CancellationToken ct)
    {
        await using var repository = await Repository.OpenAsync(new FolderStore(Path.Combine(folder, "repository")), key, Path.Combine(folder, cache), TimeProvider.System, ct);
        var contents = await ledger.MustRestoreAsync(repository, ct);
        if (!verify) return contents;
        var result = await Verifier.RunAsync(repository, new VerifyOptions(), new VerifyProgress(), ct);
        result.IsWhole.ShouldBeTrue(string.Join('\n', result.Findings));
        return contents;
    }

    public (int Code, string Output) Run(string folder, string[] command)
    {
        var environment = new Dictionary<string, string> { ["HBDR_KEY_FILE"] = KeyPath, ["HBDR_CACHE"] = Path.Combine(folder, "cache") };
        using var process = Tool.Start(command[0], command[1..], environment);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        key.Dispose();
        ledger.Dispose();
        Directory.Delete(Path.GetDirectoryName(Image)!, recursive: true);
    }

    private void Call(string folder, int expected, params string[] arguments)
    {
        Directory.CreateDirectory(Prepared);
        var (code, output) = Run(folder, [Tool.Hbdr, .. arguments]);
        code.ShouldBe(expected, output);
    }
}
