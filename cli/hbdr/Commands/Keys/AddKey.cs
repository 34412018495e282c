using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys add</c>: a further key file or passphrase.</summary>
internal static class AddKey
{
    public sealed record Options(RepositoryPlace Repository, string? KeyFilePath, string? PassphraseFile, string? Label);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var file = new Option<string?>("--new-key-file") { Description = "Key file; made when it does not exist", HelpName = "FILE" };
        var passphrase = new Option<string?>("--new-passphrase-file") { Description = "File whose first line is the new passphrase", HelpName = "FILE" };
        var label = new Option<string?>("--label") { Description = "What people call it" };
        var command = new Command("add", "Let a further key file or passphrase open the repository") { repository.Place, file, passphrase, label };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(file), parsed.GetValue(passphrase), parsed.GetValue(label)), report.Of(parsed, io), io, ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        if (options.KeyFilePath is null == options.PassphraseFile is null) throw new EngineException(Fault.InvalidArgument, "keys add", "name one of --new-key-file and --new-passphrase-file");
        await using var access = await KeyAccess.OpenAsync(options.Repository, ct);
        using var key = options.KeyFilePath is { } path ? TakeKeyFile(path) : new KeyChoice(null, options.PassphraseFile, null, null).Open(io.Environment);
        var slot = await access.AddAsync((ISlotLock)key, options.Label ?? (options.KeyFilePath is null ? "passphrase" : "key file"), ct);
        report.Summary(new KeyDocument(KeysCommand.Fields(slot)), ReportJson.Default.KeyDocument, $"Key {slot.ShortId} ({slot.Slot!.Label}) opens the repository from now on.");
        return ExitCodes.Done;
    }

    private static RawKey TakeKeyFile(string path)
    {
        if (Path.Exists(path)) return KeyFile.Read(path);
        var key = RawKey.Create();
        KeyFile.Create(path, key);
        return key;
    }
}
