using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace HyperBdr.Porter.Tests;

public sealed class EnrolmentTests(PorterWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task A_machine_gets_a_certificate_with_our_names_that_the_gateway_takes()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "SN-1");
        using var leaf = X509CertificateLoader.LoadCertificate(machine.Enrolled.Certificates[0].Span);
        leaf.Subject.ShouldBe($"O={tenant}, CN={machine.Id}");
        (leaf.NotAfter.ToUniversalTime() - TimeProvider.System.GetUtcNow().UtcDateTime).TotalDays.ShouldBeInRange(29.9, 30.1);
        machine.Enrolled.AgentServerName.ShouldBe(TestMachine.AgentsName);
        using var root = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(world.Home, "certs", "ca.crt"));
        machine.Enrolled.Authority.ToByteArray().ShouldBe(root.RawData);

        await using var stream = await machine.ConnectAsync(world);
        var welcome = await stream.WelcomeAsync();
        welcome.MachineId.ShouldBe(machine.Id.ToString());
        (welcome.HeartbeatIntervalS, welcome.Settings.CpuPercent).ShouldBe((1, 100));
        (await world.EventsAsync(tenant, ct)).Select(e => e.Type).Where(t => t.StartsWith("Machine", StringComparison.Ordinal)).ShouldBe(["MachineEnrolled", "MachineStateChanged"]);
        var entry = (await world.EventsAsync(tenant, ct)).Single(e => e.Type == "CallRecorded").Body;
        (entry.GetProperty("actor_name").GetString(), entry.GetProperty("resource_id").GetGuid()).ShouldBe(("enrolment token t", machine.Id));
    }

    [Fact]
    public async Task Of_100_parallel_claims_of_one_token_one_wins_and_may_ask_again()
    {
        var token = await TestMachine.TokenAsync(world, tenant);
        var machines = Enumerable.Range(0, 100).Select(i => new TestMachine($"race-{i}")).ToList();
        using var start = new SemaphoreSlim(0);
        var claims = machines.Select(async machine =>
        {
            await start.WaitAsync(ct);
            try
            {
                await machine.EnrolAsync(world, token);
                return machine;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
            {
                return null;
            }
        }).ToList();
        start.Release(100);

        var winner = (await Task.WhenAll(claims)).OfType<TestMachine>().ShouldHaveSingleItem();
        var first = winner.Enrolled;
        (await winner.EnrolAsync(world, token)).Certificates.ShouldBe(first.Certificates);
        (await CountAsync()).ShouldBe(1);
        machines.ForEach(m => m.Dispose());
    }

    [Fact]
    public async Task The_same_machine_that_asks_many_times_at_once_is_one_machine()
    {
        var token = await TestMachine.TokenAsync(world, tenant);
        using var machine = new TestMachine("again");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => machine.EnrolAsync(world, token)));
        answers.Select(a => a.Certificates[0]).Distinct().Count().ShouldBe(1);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_new_installation_on_the_same_hardware_goes_on_with_the_record_and_the_old_one_ends()
    {
        using var old = await TestMachine.NewAsync(world, tenant, "SN-2");
        await using var stream = await old.ConnectAsync(world);
        await stream.WelcomeAsync();

        using var again = await TestMachine.NewAsync(world, tenant, "SN-2");
        (again.Id, again.Enrolled.TookOver).ShouldBe((old.Id, true));
        (await stream.EndAsync()).ShouldBe("porter.certificate.revoked");
        await using var late = await old.ConnectAsync(world);
        (await late.EndAsync()).ShouldBe("porter.certificate.revoked");
        await using var present = await again.ConnectAsync(world, "run-2");
        (await present.WelcomeAsync()).MachineId.ShouldBe(old.Id.ToString());
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_serial_number_with_other_network_cards_is_a_copy_and_gets_a_record_of_its_own()
    {
        using var original = await TestMachine.NewAsync(world, tenant, "SN-3", "52:54:00:00:00:01");
        using var copy = await TestMachine.NewAsync(world, tenant, "SN-3", "52:54:00:00:00:02");
        copy.Id.ShouldNotBe(original.Id);
        copy.Enrolled.TookOver.ShouldBeFalse();
        var problem = (await world.EventsAsync(tenant, ct)).Single(e => e.Type == "MachineProblem").Body;
        (problem.GetProperty("machine_id").GetGuid(), problem.GetProperty("code").GetString()).ShouldBe((copy.Id, "porter.machine.cloned"));

        using var foreign = await TestMachine.NewAsync(world, Guid.CreateVersion7(), "SN-3");
        foreign.Enrolled.TookOver.ShouldBeFalse("another tenant's machine is nobody's earlier installation");
    }

    [Fact]
    public async Task A_request_that_is_not_of_a_P256_key_is_refused_and_the_token_stays_good()
    {
        var token = await TestMachine.TokenAsync(world, tenant);
        using var machine = new TestMachine();
        using var rsa = RSA.Create(2048);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var damaged = machine.Request();
        damaged[^3] ^= 1;
        byte[][] wrong = [[], [1, 2, 3], damaged, new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest(), new CertificateRequest("CN=x", other, HashAlgorithmName.SHA256).CreateSigningRequest()];
        foreach (var request in wrong)
            (await Should.ThrowAsync<RpcException>(() => machine.EnrolAsync(world, token, request: request))).StatusCode.ShouldBe(StatusCode.InvalidArgument);
        (await Should.ThrowAsync<RpcException>(() => machine.EnrolAsync(world, token, MachineKind.Unspecified))).StatusCode.ShouldBe(StatusCode.InvalidArgument);
        await machine.EnrolAsync(world, token);
    }

    [Fact]
    public async Task A_certificate_is_renewed_from_its_twentieth_day_on_and_both_hold()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "SN-4");
        var link = machine.Client(world);
        var request = new RenewRequest { CertificateRequest = ByteString.CopyFrom(machine.Request()) };
        (await Should.ThrowAsync<RpcException>(async () => await link.RenewAsync(request, cancellationToken: ct))).Trailers.GetValue("error-code").ShouldBe("porter.certificate.too_early");
        await using (var scope = world.Porter.ScopeOf(tenant))
        {
            var aged = TimeProvider.System.GetUtcNow().AddDays(-20);
            await scope.ServiceProvider.GetRequiredService<PorterDb>().Certificates.Where(c => c.MachineId == machine.Id).ExecuteUpdateAsync(c => c.SetProperty(x => x.IssuedAt, aged), ct);
        }

        var renewed = await link.RenewAsync(request, cancellationToken: ct);
        await using (var old = await machine.ConnectAsync(world)) await old.WelcomeAsync();
        machine.Show(renewed.Certificates);
        await using var stream = await machine.ConnectAsync(world);
        await stream.WelcomeAsync();
    }

    private async Task<int> CountAsync()
    {
        await using var scope = world.Porter.ScopeOf(tenant);
        return await scope.ServiceProvider.GetRequiredService<PorterDb>().Machines.CountAsync(ct);
    }
}
