using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures.Services;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Features.Probes;
using HyperBdr.Storplus.Outbound;
using HyperBdr.Storplus.Stores;
using Microsoft.Extensions.Configuration;

namespace HyperBdr.Storplus.Tests;

/// <summary>Stores for tests, and a whole probe of one.</summary>
internal static class Stores
{
    public static readonly ProbeStep[] Steps =
        [ProbeStep.Connect, ProbeStep.ReadAfterWrite, ProbeStep.List, ProbeStep.RangeRead, ProbeStep.ConditionalCreate, ProbeStep.Delete];

    public static AddressRules Rules(int port, params string[] allowed) => new(new ConfigurationBuilder().AddInMemoryCollection(
        [new("Outbound:Ports:0", $"{port}"), .. allowed.Select((a, i) => new KeyValuePair<string, string?>($"Outbound:Allowed:{i}", a))]).Build());

    public static S3Store S3(string endpoint, AddressRules rules, string? secret = null, string bucket = StrictS3.Bucket, string accessKey = StrictS3.AccessKey, string region = StrictS3.Region, bool tls = false) =>
        new(new S3Settings(endpoint, region, bucket, accessKey, tls, BucketLookup.Path), secret ?? StrictS3.Secret, "pool-test", new GuardedConnector(rules));

    public static S3Store S3(StrictS3 server, string? secret = null) => S3(server.Endpoint, Rules(server.Port, "127.0.0.0/8"), secret);

    public static Task<StrictS3> StrictAsync() => StrictS3.StartAsync(ServiceProcess.FreePort());

    /// <summary>Runs the steps in order up to the first that does not pass.</summary>
    public static async Task<ProbeOutcome> ProbeAsync(IBlobStore store)
    {
        var steps = new ProbeSteps(store, Guid.CreateVersion7());
        var outcome = ProbeOutcome.Pass("");
        foreach (var step in Steps)
        {
            outcome = await StepAsync(steps, step);
            if (!outcome.Passed) return outcome;
        }

        return outcome;
    }

    public static async Task<ProbeOutcome> StepAsync(ProbeSteps steps, ProbeStep step)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(7));
        try
        {
            return await steps.RunAsync(step, limit.Token);
        }
        catch (StoreException e)
        {
            return ProbeFindings.Of(e);
        }
        catch (OperationCanceledException)
        {
            return ProbeFindings.TimedOut(TimeSpan.FromSeconds(7));
        }
    }
}
