using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys</c>: what opens the repository.</summary>
internal static class KeysCommand
{
    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io) => new("keys", "Show and change what opens a repository")
    {
        ListKeys.Create(repository, report, io),
        AddKey.Create(repository, report, io),
        AddEscrow.Create(repository, report, io),
        RemoveKey.Create(repository, report, io),
        RotateKeys.Create(repository, report, io),
        ExportKeys.Create(repository, report, io),
    };

    public static SlotFields Fields(FoundSlot found) => new(found.Id, found.Slot?.Kind.ToString().ToLowerInvariant(), found.Slot?.Label, found.Slot?.CreatedAt,
        found.Slot?.Recipient?.Fingerprint, found.Fault is { } e ? new ErrorFields(e.Code, e.Subject, e.Message) : null);

    /// <summary>The slot whose id begins so.</summary>
    public static FoundSlot Choose(IReadOnlyList<FoundSlot> slots, string id)
    {
        var matching = slots.Where(s => s.Id.StartsWith(id, StringComparison.Ordinal)).ToList();
        return matching is [var one] ? one : throw new EngineException(matching.Count == 0 ? Fault.NotFound : Fault.InvalidArgument, $"key {id}", $"{matching.Count} keys' ids begin so");
    }
}
