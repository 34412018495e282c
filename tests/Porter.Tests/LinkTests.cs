using System.Net.WebSockets;
using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace HyperBdr.Porter.Tests;

public sealed class LinkTests(PorterWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task A_revoked_machine_is_told_and_cut_and_does_not_come_back()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "R-1");
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        await stream.WelcomeAsync();
        using var admin = world.Porter.As(RunningService<PorterDb>.Person(Roles.TenantAdmin, tenant));
        var begin = TimeProvider.System.GetTimestamp();
        using (var answer = await admin.PostAsync(new Uri($"/api/v1/porter/machines/{machine.Id}/revoke", UriKind.Relative), null, ct)) answer.EnsureSuccessStatusCode();
        (await stream.EndAsync()).ShouldBe("porter.certificate.revoked");
        TimeProvider.System.GetElapsedTime(begin).ShouldBeLessThan(TimeSpan.FromSeconds(10));
        await using var again = await machine.ConnectAsync(world);
        (await again.EndAsync()).ShouldBe("porter.certificate.revoked");
        (await Should.ThrowAsync<RpcException>(async () => await machine.Client(world).RenewAsync(new RenewRequest { CertificateRequest = ByteString.CopyFrom(machine.Request()) }))).StatusCode.ShouldBe(StatusCode.Unauthenticated);
        (await StateAsync(machine)).ShouldBe("revoked");
    }

    [Fact]
    public async Task What_another_process_of_porter_decides_ends_the_stream_too()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "R-2");
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        await stream.WelcomeAsync();
        await using (var scope = world.Porter.ScopeOf(tenant))
        {
            var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
            (await db.Machines.SingleAsync(m => m.Id == machine.Id, ct)).Revoke(TimeProvider.System.GetUtcNow());
            await db.SaveChangesAsync(ct);
        }

        (await stream.EndAsync()).ShouldBe("porter.certificate.revoked");
    }

    [Fact]
    public async Task One_certificate_in_two_running_machines_quarantines_both_until_one_enrols_anew()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "Q-1");
        await using var first = (await machine.ConnectAsync(world, "original")).Beat();
        await first.WelcomeAsync();
        await using var second = (await machine.ConnectAsync(world, "copy")).Beat();
        await second.WelcomeAsync();
        (await first.EndAsync()).ShouldBeNull("the newest run has the stream; alone this may be a restart");

        await using var back = await machine.ConnectAsync(world, "original");
        (await back.EndAsync()).ShouldBe("porter.machine.quarantined");
        (await second.EndAsync()).ShouldBe("porter.machine.quarantined");
        await using var late = await machine.ConnectAsync(world, "third");
        (await late.EndAsync()).ShouldBe("porter.machine.quarantined");
        (await StateAsync(machine)).ShouldBe("quarantined");
        (await world.EventsAsync(tenant, ct)).Count(e => e.Type == "MachineProblem" && e.Body.GetProperty("code").GetString() == "porter.machine.quarantined").ShouldBe(1);

        using var anew = await TestMachine.NewAsync(world, tenant, "Q-1");
        anew.Id.ShouldBe(machine.Id);
        await using var healed = await anew.ConnectAsync(world, "original");
        await healed.WelcomeAsync();
    }

    [Fact]
    public async Task A_restarted_program_takes_its_stream_back_as_often_as_it_likes()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "Q-2");
        for (var run = 0; run < 12; run++)
        {
            // The old stream is left hanging, as after a power failure.
            var stream = (await machine.ConnectAsync(world, $"run-{run}")).Beat();
            await stream.WelcomeAsync();
            if (run == 11) await stream.DisposeAsync();
        }

        await using var same = await machine.ConnectAsync(world, "run-11");
        await same.WelcomeAsync();
    }

    [Fact]
    public async Task A_copy_on_other_hardware_is_refused_and_the_original_goes_on()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "H-1");
        await using var original = (await machine.ConnectAsync(world)).Beat();
        await original.WelcomeAsync();
        var elsewhere = machine.Inventory;
        elsewhere.HardwareSerial = "H-2";
        for (var i = 0; i < 3; i++)
        {
            await using var copy = await machine.ConnectAsync(world, "copy", inventory: elsewhere);
            (await copy.EndAsync()).ShouldBe("porter.machine.other_hardware");
        }

        await original.SendAsync(new AgentMessage { Result = new CommandResult { CommandId = "nothing" } });
        (await original.NextAsync()).ResultKept.CommandId.ShouldBe("nothing");
        (await world.EventsAsync(tenant, ct)).Count(e => e.Type == "MachineProblem").ShouldBe(1);
    }

    [Fact]
    public async Task A_goodbye_disconnects_at_once_and_silence_after_its_time()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "S-1");
        await using (var stream = (await machine.ConnectAsync(world)).Beat())
        {
            await stream.WelcomeAsync();
            (await StateAsync(machine)).ShouldBe("active");
            await stream.LeaveAsync();
        }

        (await Eventually.IsAsync(_ => StateAsync(machine), s => s == "disconnected", ct, 3)).ShouldBe("disconnected");
        await using (var stream = (await machine.ConnectAsync(world)).Beat())
        {
            await stream.WelcomeAsync();
            await Eventually.IsAsync(_ => StateAsync(machine), s => s == "active", ct);
        }

        // Cut, not ended: it may come back, so its time runs.
        (await StateAsync(machine)).ShouldBe("active");
        await Eventually.IsAsync(_ => StateAsync(machine), s => s == "disconnected", ct, 30);
        var states = (await world.EventsAsync(tenant, ct)).Where(e => e.Type == "MachineStateChanged").Select(e => e.Body.GetProperty("state").GetString());
        states.ShouldBe(["active", "disconnected", "active", "disconnected"]);
    }

    [Fact]
    public async Task The_socket_of_sync_gateways_carries_the_same_link()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "G-1", kind: MachineKind.SyncGateway);
        var socket = await machine.SocketAsync(world);
        var hello = new AgentMessage { Hello = new Hello { Version = "1.0", InstanceId = "run-1", Inventory = machine.Inventory } };
        await socket.SendAsync(hello.ToByteArray(), WebSocketMessageType.Binary, true, ct);
        (await NextAsync(socket))!.Welcome.MachineId.ShouldBe(machine.Id.ToString());
        using var services = world.Porter.ChannelAs(Caller.Service("storplus", tenant));
        var known = await new Contracts.Porter.V1.Machines.MachinesClient(services).GetMachineAsync(new GetMachineRequest { MachineId = machine.Id.ToString() }, cancellationToken: ct);
        (known.Availability, known.Kind, known.DataAddress).ShouldBe(("active", MachineKind.SyncGateway, "127.0.0.1:13260"));
        known.PublicKey.ToByteArray().ShouldBe(machine.Key.ExportSubjectPublicKeyInfo());

        var id = Guid.CreateVersion7().ToString();
        var commands = new Contracts.Porter.V1.Commands.CommandsClient(services);
        await commands.SendAsync(CommandTests.Send(machine.Id, id, c => c.MakeStorageKey = new MakeStorageKey { Bucket = "backups" }), cancellationToken: ct);
        (await NextAsync(socket))!.Command.MakeStorageKey.Bucket.ShouldBe("backups");
        using var admin = world.Porter.As(RunningService<PorterDb>.Person(Roles.TenantAdmin, tenant));
        using (var answer = await admin.DeleteAsync(new Uri($"/api/v1/porter/machines/{machine.Id}", UriKind.Relative), ct)) answer.EnsureSuccessStatusCode();
        (await NextAsync(socket))!.Dismissed.Code.ShouldBe("porter.certificate.revoked");
        (await NextAsync(socket)).ShouldBeNull();
    }

    [Fact]
    public async Task After_the_gateways_death_machines_come_back_through_the_next_one()
    {
        var one = await RunningGateway.StartAsync(world.Home, world.Porter.Http, world.Porter.Grpc);
        using var machine = await TestMachine.NewAsync(world, tenant, "K-1");
        await using var stream = (await machine.ConnectAsync(world, port: one.Port)).Beat();
        await stream.WelcomeAsync();
        await one.KillAsync();
        (await stream.EndAsync()).ShouldBeNull();

        await using var next = await RunningGateway.StartAsync(world.Home, world.Porter.Http, world.Porter.Grpc, one.Port);
        await using var again = (await machine.ConnectAsync(world, port: next.Port)).Beat();
        await again.WelcomeAsync();
        (await world.EventsAsync(tenant, ct)).Count(e => e.Type == "MachineStateChanged").ShouldBe(1, "a short cut changes no state");
    }

    [Fact]
    public async Task A_stream_that_does_not_begin_with_Hello_is_refused()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "P-1");
        using var call = machine.Client(world).Connect(cancellationToken: ct);
        await call.RequestStream.WriteAsync(new AgentMessage { Heartbeat = new Heartbeat() }, ct);
        (await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(ct))).StatusCode.ShouldBe(StatusCode.InvalidArgument);
    }

    private static async Task<ServerMessage?> NextAsync(ClientWebSocket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[65536];
        var got = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);
        return got.MessageType == WebSocketMessageType.Close ? null : ServerMessage.Parser.ParseFrom(buffer, 0, got.Count);
    }

    private async Task<string> StateAsync(TestMachine machine)
    {
        await using var scope = world.Porter.ScopeOf(tenant);
        return (await scope.ServiceProvider.GetRequiredService<PorterDb>().Machines.AsNoTracking().Where(m => m.Id == machine.Id).Select(m => m.Availability).SingleAsync(ct)).ToString().ToLowerInvariant();
    }
}
