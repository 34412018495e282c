using System.CommandLine;
using HyperBdr.Hbdr.Commands.Keys;
using HyperBdr.Hbdr.Commands.Maintenance;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary>Every command, in the order of the help.</summary>
internal static class AllCommands
{
    public static IEnumerable<Command> Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        yield return InitCommand.Create(repository, report, io);
        yield return BackupCommand.Create(repository, report, io);
        yield return PointsCommand.Create(repository, report, io);
        yield return RestoreCommand.Create(repository, report, io);
        yield return DiffCommand.Create(repository, report, io);
        yield return ListCommand.Create(repository, report, io);
        yield return MountNbdCommand.Create(repository, report, io);
        yield return BootCommand.Create(repository, report, io);
        yield return VerifyCommand.Create(repository, report, io);
        yield return ScrubCommand.Create(repository, report, io);
        yield return PruneCommand.Create(repository, report, io);
        yield return DeleteCommand.Create(repository, report, io);
        yield return RebuildIndexCommand.Create(repository, report, io);
        yield return RepairCommand.Create(repository, report, io);
        yield return KeysCommand.Create(repository, report, io);
        yield return StoreCommand.Create(repository, report, io);
        yield return BenchCommand.Create(report, io);
    }
}
