using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr init</c>: makes a repository, and its key file when there is none.</summary>
internal static class InitCommand
{
    public sealed record Options(RepositoryPlace Repository, string? EscrowPem, Guid? Tenant);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var escrow = new Option<string?>("--escrow") { Description = "Public key of an offline P-384 pair that can open the repository too", HelpName = "PUB.pem" };
        var tenant = new Option<Guid?>("--tenant") { Description = "Whose repository it is (default: a new id)", HelpName = "GUID" };
        var command = new Command("init", "Make a repository in an empty place") { repository.Place, escrow, tenant };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(escrow), parsed.GetValue(tenant)), report.Of(parsed, io), io, ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        var place = options.Repository;
        place.Key.MustBeOne();
        if (place.Key.EscrowKey is not null) throw new EngineException(Fault.InvalidArgument, "--escrow-key", "a new repository takes the public half: --escrow, beside a key file or a passphrase");
        var escrow = options.EscrowPem is { } pem ? EscrowPublicKey.FromPem(KeyChoice.TextOf(pem)) : null;
        await using var store = place.Store.Open();
        if (await store.FindAsync(new BlobName(RepositoryConfig.Name), ct) is not null) throw new EngineException(Fault.RepositoryExists, store.Location, "there is a repository already");
        var (key, isNew) = TakeKey(place, io);
        using var secret = key;
        List<(ISlotLock, string)> locks = [((ISlotLock)key, isNew ? "key file" : "first key")];
        if (escrow is not null) locks.Add((escrow, "escrow"));
        var config = await Repository.InitAsync(store, options.Tenant ?? Guid.CreateVersion7(), locks, ChunkingConstants.Default, ct);
        var fields = new RepositoryFields(config.RepositoryId, config.TenantId, store.Location, config.CreatedAt);
        report.Summary(new InitDocument(fields, place.Key.KeyFilePath, isNew, escrow?.Fingerprint), ReportJson.Default.InitDocument, Text(fields, place.Key.KeyFilePath, isNew, escrow));
        return ExitCodes.Done;
    }

    private static (KeySource Key, bool IsNew) TakeKey(RepositoryPlace place, Io io)
    {
        if (place.Key.KeyFilePath is not { } path) return (place.Key.Open(io.Environment), false);
        if (place.Store.Folder is { } folder && Path.GetFullPath(path).StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            throw new EngineException(Fault.InvalidArgument, path, "a key inside of the repository's folder protects nothing");
        }

        if (Path.Exists(path)) return (KeyFile.Read(path), false);
        // The key is on disk before anything is sealed with it.
        var key = RawKey.Create();
        KeyFile.Create(path, key);
        return (key, true);
    }

    private static string Text(RepositoryFields repository, string? keyFile, bool isNew, EscrowPublicKey? escrow)
    {
        var made = $"Repository {repository.Id} is in {repository.Location}.\n";
        if (isNew) made += $"Its key is the new file {keyFile}. Keep a copy away from this machine and from the store: without a key nothing can be restored.";
        else if (keyFile is not null) made += $"The key file {keyFile} opens it. Without a key nothing can be restored.";
        else made += "The passphrase opens it. Without it nothing can be restored, and nobody can tell it to you.";
        return escrow is null ? made : $"{made}\nThe escrow key {escrow.Fingerprint} opens it too.";
    }
}
