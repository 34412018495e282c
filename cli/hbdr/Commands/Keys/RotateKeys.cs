using System.CommandLine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Stores;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys rotate</c>: what is stored from now on is sealed under a new key; every key slot opens that too.</summary>
internal static class RotateKeys
{
    public sealed record Options(RepositoryPlace Repository);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var command = new Command("rotate", "Seal what is stored from now on under a new key; everything stays readable with every key") { repository.Place };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var access = await KeyAccess.OpenAsync(options.Repository, ct);
        var next = KeyRotation.AddSealEpoch(access.Ring, await access.Store.ClockAsync(ct));
        using var ring = next.Ring;
        await access.Store.PutAsync(new BlobName(next.LinkName), next.Link, ct);
        report.Summary(new RotationDocument(ring.SealEpoch), ReportJson.Default.RotationDocument, $"What is stored from now on is sealed under epoch {ring.SealEpoch}. All keys stay as they are.");
        return ExitCodes.Done;
    }
}
