using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures.Services;
using HyperBdr.Storplus.Features.Probes;
using Shouldly;
using Xunit;

namespace HyperBdr.Storplus.Tests;

public sealed class S3ProbeTests
{
    [Fact]
    public async Task A_store_that_keeps_its_promises_passes_and_nothing_is_left()
    {
        await using var server = await Stores.StrictAsync();
        await using var store = Stores.S3(server);
        var outcome = await Stores.ProbeAsync(store);
        outcome.Passed.ShouldBeTrue(outcome.Message);
        server.Keys.ShouldBeEmpty();
        server.Verified.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData(Lie.IgnoresConditions, "conditional_create_ignored")]
    [InlineData(Lie.NoConditions, "conditional_create_unsupported")]
    [InlineData(Lie.StaleList, "list_stale")]
    [InlineData(Lie.WrongRange, "range_wrong")]
    [InlineData(Lie.KeepsDeleted, "delete_ignored")]
    [InlineData(Lie.Corrupts, "read_after_write_differs")]
    [InlineData(Lie.Full, "full")]
    [InlineData(Lie.Skewed, "clock_skew")]
    [InlineData(Lie.WebPage, "not_a_store")]
    [InlineData(Lie.DeniesWrites, "access_denied")]
    [InlineData(Lie.Hangs, "timeout")]
    public async Task A_store_that_fails_is_named_for_what_it_did(Lie lie, string code)
    {
        await using var server = await Stores.StrictAsync();
        server.Lies = lie;
        await using var store = Stores.S3(server);
        var outcome = await Stores.ProbeAsync(store);
        outcome.Passed.ShouldBeFalse();
        outcome.Code.ShouldBe($"storplus.probe.{code}", outcome.Message);
        outcome.Message.ShouldEndWith(".");
        outcome.Message.ShouldNotContain(StrictS3.Secret);
        if (lie is not (Lie.KeepsDeleted or Lie.StaleList)) server.Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Wrong_credentials_bucket_and_region_are_told_apart()
    {
        await using var server = await Stores.StrictAsync();
        var rules = Stores.Rules(server.Port, "127.0.0.0/8");
        (await CodeAsync(Stores.S3(server, secret: "another"))).ShouldBe("storplus.probe.credentials_wrong");
        (await CodeAsync(Stores.S3(server.Endpoint, rules, accessKey: "AKUNKNOWN"))).ShouldBe("storplus.probe.credentials_wrong");
        (await CodeAsync(Stores.S3(server.Endpoint, rules, bucket: "elsewhere"))).ShouldBe("storplus.probe.place_missing");
        (await CodeAsync(Stores.S3(server.Endpoint, rules, region: "us-east-1"))).ShouldBe("storplus.probe.wrong_region");
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
    {
        using var key = System.Security.Cryptography.RSA.Create(2048);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=127.0.0.1", key, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await using var server = await StrictS3.StartAsync(ServiceProcess.FreePort(), certificate);
        (await CodeAsync(Stores.S3(server.Endpoint, Stores.Rules(server.Port, "127.0.0.0/8"), tls: true))).ShouldBe("storplus.probe.tls_not_trusted");
    }

    [Fact]
    public async Task Nothing_listens_and_no_such_name_are_told_apart()
    {
        var port = ServiceProcess.FreePort();
        (await CodeAsync(Stores.S3($"127.0.0.1:{port}", Stores.Rules(port, "127.0.0.0/8")))).ShouldBe("storplus.probe.not_reachable");
        (await CodeAsync(Stores.S3($"no-such-host.invalid:{port}", Stores.Rules(port)))).ShouldBe("storplus.probe.name_not_resolved");
    }

    [Fact]
    public async Task A_step_cut_off_earlier_leaves_nothing_after_the_delete_step()
    {
        await using var server = await Stores.StrictAsync();
        await using var store = Stores.S3(server);
        var steps = new ProbeSteps(store, Guid.CreateVersion7());
        for (var i = 0; i < 5; i++) await store.PutAsync($"{steps.Prefix}cut-off/{i}", "left"u8.ToArray(), CancellationToken.None);
        var outcome = await Stores.StepAsync(steps, ProbeStep.Delete);
        outcome.Passed.ShouldBeTrue(outcome.Message);
        outcome.Message.ShouldContain("5 leftovers");
        server.Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Repeating_each_step_changes_nothing()
    {
        await using var server = await Stores.StrictAsync();
        await using var store = Stores.S3(server);
        var steps = new ProbeSteps(store, Guid.CreateVersion7());
        foreach (var step in Stores.Steps.Concat(Stores.Steps)) (await Stores.StepAsync(steps, step)).Passed.ShouldBeTrue();
        server.Keys.ShouldBeEmpty();
    }

    private static async Task<string?> CodeAsync(Storplus.Stores.S3Store opened)
    {
        await using var store = opened;
        return (await Stores.ProbeAsync(store)).Code;
    }
}
