using System.CommandLine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Keys;

/// <summary><c>hbdr keys escrow</c>: lets an offline private key open the repository.</summary>
internal static class AddEscrow
{
    public sealed record Options(RepositoryPlace Repository, string Pem, string Label);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var pem = new Argument<string>("PUB.pem") { Description = "Public key on P-384: openssl ecparam -name secp384r1 -genkey, then openssl ec -pubout" };
        var label = new Option<string>("--label") { Description = "What people call it", DefaultValueFactory = _ => "escrow" };
        var command = new Command("escrow", "Let the private half of an offline key pair open the repository") { repository.Place, pem, label };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(pem)!, parsed.GetValue(label)!), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        var recipient = EscrowPublicKey.FromPem(KeyChoice.TextOf(options.Pem));
        await using var access = await KeyAccess.OpenAsync(options.Repository, ct);
        var slot = await access.AddAsync(recipient, options.Label, ct);
        report.Summary(new KeyDocument(KeysCommand.Fields(slot)), ReportJson.Default.KeyDocument,
            $"Key {slot.ShortId}: the escrow key {recipient.Fingerprint} opens the repository from now on. Compare this with what is on paper.");
        return ExitCodes.Done;
    }
}
