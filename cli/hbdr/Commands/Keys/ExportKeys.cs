using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys export</c>: copies the small objects without which a key opens nothing, for safe keeping elsewhere.</summary>
/// <remarks>They are wrapped: who has them and no key reads nothing.</remarks>
internal static class ExportKeys
{
    private const int MaxBytes = 64 * 1024;
    private static readonly string[] Prefixes = ["keys/", "keyring/", RepositoryConfig.Name];

    public sealed record Options(RepositoryPlace Repository, string Folder);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var folder = new Option<string>("--to") { Description = "Folder of a store that they are copied to", HelpName = "DIR", Required = true };
        var command = new Command("export", "Copy the wrapped keys, without which no key opens anything, to another folder") { repository.Place, folder };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(folder)!), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var access = await KeyAccess.OpenAsync(options.Repository, ct);
        await using var copy = new FolderStore(options.Folder);
        var names = new List<string>();
        foreach (var prefix in Prefixes)
        {
            await foreach (var blob in access.Store.ListAsync(prefix, ct))
            {
                if (blob.Length > MaxBytes) throw new EngineException(Fault.Corrupt, blob.Name.Value, $"has {blob.Length} bytes, which is too much for a key");
                var bytes = new byte[blob.Length];
                await access.Store.ReadAsync(blob.Name, 0, bytes, ct);
                await copy.PutAsync(blob.Name, bytes, ct);
                names.Add(blob.Name.Value);
            }
        }

        report.Summary(new ExportDocument(copy.Location, names), ReportJson.Default.ExportDocument, $"{names.Count} objects are in {copy.Location}. Copied back to where they were, they make a repository that lost them open again.");
        return ExitCodes.Done;
    }
}
