using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Stores.Validation;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Stores;

/// <summary>Runs the product's own contract and turns every broken promise into a test failure.</summary>
internal static class ContractRun
{
    public static async Task HoldsAsync(IBlobStore store, StoreContractOptions options, params string[] except)
    {
        var failures = new List<string>();
        foreach (var check in StoreContract.Checks.Where(c => !except.Contains(c.Name, StringComparer.Ordinal)))
        {
            var result = await new StoreContract(store, "validate", options, TimeProvider.System).RunAsync(check, TestContext.Current.CancellationToken);
            TestContext.Current.TestOutputHelper?.WriteLine($"{check.Name} {result.Took.TotalMilliseconds:n0} ms");
            if (result.Failure is { } failure) failures.Add($"{check.Name}: {failure}");
        }

        failures.ShouldBeEmpty();
    }
}
