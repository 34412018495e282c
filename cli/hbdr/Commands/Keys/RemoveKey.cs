using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys remove</c>: a key opens the repository no more.</summary>
internal static class RemoveKey
{
    public sealed record Options(RepositoryPlace Repository, string Id);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var id = new Argument<string>("KEY") { Description = "The beginning of the key's id, from 'keys list'" };
        var command = new Command("remove", "Let a key open the repository no more; the last one stays. Who used it before may have kept what it opened: rotate too") { repository.Place, id };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(id)!), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var access = await KeyAccess.OpenAsync(options.Repository, ct);
        var slots = await access.ListAsync(ct);
        var slot = KeysCommand.Choose(slots, options.Id);
        // A planted or damaged slot opens nothing, so it does not count as another key.
        if (slot.Slot is not null && slots.Count(s => s.Slot is not null) == 1) throw new EngineException(Fault.Protected, $"key {slot.ShortId}", "is the last key: without it nothing could be restored");
        await access.Store.DeleteAsync(slot.Name, ct);
        report.Summary(new KeyDocument(KeysCommand.Fields(slot)), ReportJson.Default.KeyDocument, $"Key {slot.ShortId} opens the repository no more.");
        return ExitCodes.Done;
    }
}
