using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary>The arguments of <c>hbdr backup</c>.</summary>
internal sealed class BackupArguments
{
    private static readonly SyncOptions Defaults = new();

    private readonly Argument<string[]> sources = new("SOURCE") { Description = "path or disk=path: a block device, an image file, nbd://…, or - for standard input", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> host = new("--host") { Description = "What the machine is called", HelpName = "NAME", Required = true };
    private readonly Option<string> parent = new("--parent") { Description = "Point to compare with: latest (of this host), none, or an id", HelpName = "POINT", DefaultValueFactory = _ => PointFacts.Latest };
    private readonly Option<string?> changed = new("--changed") { Description = "Read only these ranges, the rest is as in the parent: lines 'offset length' in bytes", HelpName = "FILE" };
    private readonly Option<string?> usedBlocks = new("--used-blocks") { Description = "Skip what ext and XFS do not use, where they are cleanly unmounted (clean) or frozen (frozen)", HelpName = "clean|frozen" };
    private readonly Option<bool> skipSwap = new("--skip-swap") { Description = "With --used-blocks: skip the content of swap space too" };
    private readonly Option<string> compression = new("--compression") { Description = "zstd, lz4 or none", DefaultValueFactory = _ => "zstd" };
    private readonly Option<int> level = new("--level") { Description = "zstd level, 1 to 19", DefaultValueFactory = _ => Defaults.Level };
    private readonly Option<int> workers = new("--workers") { Description = "Chunks worked on side by side, 1 to 64", DefaultValueFactory = _ => Defaults.Workers };
    private readonly Option<double> cpuShare = new("--cpu-share") { Description = "Share of the time that each worker works, above 0 up to 1", DefaultValueFactory = _ => Defaults.CpuShare };
    private readonly Option<string?> packSize = new("--pack-size") { Description = "Bytes of a stored object, 1MiB to 28MiB (16MiB); smaller ones lose less to an unsteady line", HelpName = "SIZE" };
    private readonly Option<string[]> tags = new("--tag") { Description = "A name and value of your own", HelpName = "K=V" };
    private readonly Option<string> consistency = new("--consistency") { Description = "How the disks belong together: crash, file-system or application", DefaultValueFactory = _ => "crash" };

    public BackupArguments()
    {
        usedBlocks.AcceptOnlyFromAmong("clean", "frozen");
        compression.AcceptOnlyFromAmong("zstd", "lz4", "none");
        consistency.AcceptOnlyFromAmong("crash", "file-system", "application");
    }

    public void AddTo(Command command)
    {
        command.Add(sources);
        foreach (var option in (Option[])[host, parent, changed, usedBlocks, skipSwap, compression, level, workers, cpuShare, packSize, tags, consistency]) command.Add(option);
    }

    public BackupCommand.Options Read(ParseResult parsed, RepositoryPlace repository) =>
        new(repository, parsed.GetValue(host)!, [.. parsed.GetValue(sources)!.Select(BackupSource.Parse)])
        {
            Parent = parsed.GetValue(parent)!,
            ChangedFile = parsed.GetValue(changed),
            UsedBlocks = parsed.GetValue(usedBlocks) switch { "clean" => UsedBlocksTrust.CleanOnly, "frozen" => UsedBlocksTrust.Frozen, _ => null },
            SkipSwap = parsed.GetValue(skipSwap),
            Consistency = parsed.GetValue(consistency) switch { "file-system" => Consistency.FileSystem, "application" => Consistency.Application, _ => Consistency.Crash },
            Tags = TagsOf(parsed.GetValue(tags) ?? []),
            Sync = new SyncOptions
            {
                Compression = parsed.GetValue(compression) switch { "lz4" => Compression.Lz4, "none" => Compression.None, _ => Compression.Zstd },
                Level = parsed.GetValue(level),
                Workers = parsed.GetValue(workers),
                CpuShare = parsed.GetValue(cpuShare),
                PackBytes = parsed.GetValue(packSize) is { } size ? (int)Math.Min(Size.Parse(size, "--pack-size"), int.MaxValue) : Defaults.PackBytes,
            },
        };

    private static Dictionary<string, string> TagsOf(string[] texts)
    {
        var named = new Dictionary<string, string>();
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !named.TryAdd(text[..equals], text[(equals + 1)..])) throw new EngineException(Fault.InvalidArgument, "--tag", $"'{text}' is not NAME=VALUE with a new name");
        }

        return named;
    }
}
