using System.CommandLine;
using System.Globalization;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys list</c>.</summary>
internal static class ListKeys
{
    public sealed record Options(RepositoryPlace Repository);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var command = new Command("list", "List what opens the repository") { repository.Place };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var access = await KeyAccess.OpenAsync(options.Repository, ct);
        var slots = await access.ListAsync(ct);
        report.Result(new KeysDocument(access.Ring.SealEpoch, [.. slots.Select(KeysCommand.Fields)]), ReportJson.Default.KeysDocument, to => Write(to, slots));
        return slots.Exists(s => s.Fault is not null) ? ExitCodes.Damaged : ExitCodes.Done;
    }

    private static void Write(TextWriter to, IReadOnlyList<FoundSlot> slots) => TextTable.Write(to, ["KEY", "KIND", "MADE (UTC)", "LABEL"], [.. slots.Select(Row)]);

    private static IReadOnlyList<string> Row(FoundSlot found) => found.Slot is { } slot
        ? [found.ShortId, slot.Kind.ToString().ToLowerInvariant(), slot.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), slot.Recipient is { } to ? $"{slot.Label} {to.Fingerprint}" : slot.Label]
        : [found.ShortId, "unreadable", "-", found.Fault!.Message];
}
