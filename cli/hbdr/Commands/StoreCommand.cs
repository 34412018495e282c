using System.CommandLine;
using HyperBdr.Engine.Stores.Validation;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr store validate</c>: tries whether a store keeps what the engine relies on.</summary>
internal static class StoreCommand
{
    private const string Prefix = "validate";

    public sealed record Options(StorePlace Store, bool Quick);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var quick = new Option<bool>("--quick") { Description = "The same checks with fewer names and bytes" };
        var validate = new Command("validate", "Try everything that a repository needs of a store, beside what lies in it; needs no key") { repository.Place, quick };
        validate.SetAction((parsed, ct) => RunAsync(new(repository.StoreOf(parsed), parsed.GetValue(quick)), report.Of(parsed, io), io, ct));
        return new Command("store", "Look at a store") { validate };
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        // Without retries, which would cover up what is tried.
        await using var store = options.Store.Bare();
        var contract = new StoreContract(store, Prefix, options.Quick ? StoreContractOptions.Quick : StoreContractOptions.Full, io.Time);
        var results = new List<StoreCheckResult>();
        await foreach (var result in contract.RunAsync(ct))
        {
            results.Add(result);
            if (!report.IsJson) io.Out.WriteLine($"{(result.Failure is null ? "holds " : "BROKEN")}  {result.Check.Name}: {result.Check.Promise}{(result.Failure is { } e ? $"\n        {e.Message}" : "")}");
        }

        var failures = results.Select(r => r.Failure).OfType<Engine.EngineException>().ToList();
        var fields = results.Select(r => new CheckFields(r.Check.Name, r.Failure is null, r.Took.TotalSeconds, r.Failure is { } e ? new ErrorFields(e.Code, e.Subject, e.Message) : null)).ToList();
        var text = failures.Count == 0 ? $"The store keeps all {results.Count} promises." : $"The store breaks {failures.Count} of {results.Count} promises: it must not hold a repository.";
        report.Summary(new ValidationDocument(store.Location, failures.Count == 0, fields), ReportJson.Default.ValidationDocument, text);
        return failures.Count == 0 ? ExitCodes.Done : failures.Max(e => ExitCodes.Of(e.Fault));
    }
}
