using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using CommandsClient = HyperBdr.Contracts.Porter.V1.Commands.CommandsClient;

namespace HyperBdr.Porter.Tests;

public sealed class CommandTests(PorterWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task A_command_arrives_is_watched_and_its_result_stays()
    {
        using var machine = await TestMachine.NewAsync(world, tenant);
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        await stream.WelcomeAsync();
        using var channel = Services();
        var commands = new CommandsClient(channel);
        var id = Guid.CreateVersion7().ToString();
        await commands.SendAsync(Start(machine.Id, id), cancellationToken: ct);
        var command = await stream.CommandAsync();
        (command.Id, command.StartSync.Mode).ShouldBe((id, "full"));
        (await commands.SendAsync(Start(machine.Id, id), cancellationToken: ct)).State.ShouldBe("sent", "repeating it changes nothing");

        using var watch = commands.Watch(new WatchCommandRequest { CommandId = id }, cancellationToken: ct);
        await UpdateAsync(watch, u => u is { State: "sent", Connected: true });
        await stream.SendAsync(new AgentMessage { Received = new CommandReceived { CommandId = id } });
        await UpdateAsync(watch, u => u.State == "received");
        await stream.SendAsync(new AgentMessage { Progress = new CommandProgress { CommandId = id, Phase = "transfer", DoneBytes = 5 } });
        await UpdateAsync(watch, u => u.Progress?.DoneBytes == 5);
        var result = Result(id);
        await stream.SendAsync(result);
        (await stream.NextAsync()).ResultKept.CommandId.ShouldBe(id);
        (await UpdateAsync(watch, u => u.State == "finished")).Result.Sync.PointId.ShouldBe("p1");
        (await watch.ResponseStream.MoveNext(ct)).ShouldBeFalse();

        result.Result.Sync.PointId = "p2";
        await stream.SendAsync(result);
        (await stream.NextAsync()).ResultKept.CommandId.ShouldBe(id, "a repeated result is acknowledged");
        (await ResultAsync(commands, id)).Sync.PointId.ShouldBe("p1", "and changes nothing");
        await using var next = await machine.ConnectAsync(world);
        await next.WelcomeAsync();
        await SyncAsync(next);
    }

    [Fact]
    public async Task A_command_waits_for_its_machine_and_comes_again_until_the_machine_says_that_it_works_on_it()
    {
        using var machine = await TestMachine.NewAsync(world, tenant);
        using var channel = Services();
        var commands = new CommandsClient(channel);
        var (first, second) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());
        (await commands.SendAsync(Start(machine.Id, first), cancellationToken: ct)).State.ShouldBe("waiting");
        (await commands.SendAsync(Start(machine.Id, second), cancellationToken: ct)).State.ShouldBe("waiting");

        // Killed right after the acknowledgement of one of them: both come again, in their order.
        await using (var killed = await machine.ConnectAsync(world))
        {
            await killed.WelcomeAsync();
            (await killed.CommandAsync()).Id.ShouldBe(first);
            await killed.SendAsync(new AgentMessage { Received = new CommandReceived { CommandId = first } });
            (await killed.CommandAsync()).Id.ShouldBe(second);
            await Eventually.IsAsync(_ => StateAsync(first), s => s == "Received", ct);
        }

        await using (var again = await machine.ConnectAsync(world, "run-2"))
        {
            await again.WelcomeAsync();
            (await again.CommandAsync()).Id.ShouldBe(first);
            (await again.CommandAsync()).Id.ShouldBe(second);
        }

        await using var working = await machine.ConnectAsync(world, "run-2", working: first);
        await working.WelcomeAsync();
        (await working.CommandAsync()).Id.ShouldBe(second);
        await SyncAsync(working);
    }

    [Fact]
    public async Task What_the_machine_does_not_have_yet_is_stopped_at_once_and_what_comes_too_late_expires()
    {
        using var machine = await TestMachine.NewAsync(world, tenant);
        using var channel = Services();
        var commands = new CommandsClient(channel);
        var (stopped, late) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());
        await commands.SendAsync(Start(machine.Id, stopped), cancellationToken: ct);
        await commands.SendAsync(Send(machine.Id, Guid.CreateVersion7().ToString(), c => c.StopSync = new StopSync { CommandId = stopped }), cancellationToken: ct);
        (await ResultAsync(commands, stopped)).Code.ShouldBe("porter.command.stopped");

        await commands.SendAsync(Send(machine.Id, late, c => c.RefreshInventory = new RefreshInventory(), seconds: 1), cancellationToken: ct);
        (await ResultAsync(commands, late)).Code.ShouldBe("porter.command.expired");
        await using var stream = await machine.ConnectAsync(world);
        await stream.WelcomeAsync();
        (await stream.CommandAsync()).StopSync.CommandId.ShouldBe(stopped);
        await SyncAsync(stream);
    }

    [Fact]
    public async Task A_command_is_refused_that_nobody_could_execute()
    {
        using var machine = await TestMachine.NewAsync(world, tenant);
        using var foreign = await TestMachine.NewAsync(world, Guid.CreateVersion7());
        using var channel = Services();
        var commands = new CommandsClient(channel);
        var id = Guid.CreateVersion7().ToString();
        async Task<string?> CodeAsync(SendCommandRequest request) => (await Should.ThrowAsync<RpcException>(async () => await commands.SendAsync(request, cancellationToken: ct))).Trailers.GetValue("error-code");
        (await CodeAsync(Start(foreign.Id, id))).ShouldBe("porter.machine.not_found");
        (await CodeAsync(Start(machine.Id, "one"))).ShouldBe("porter.command.not_acceptable");
        (await CodeAsync(Send(machine.Id, id, _ => { }))).ShouldBe("porter.command.not_acceptable");
        (await CodeAsync(Send(machine.Id, id, c => c.RefreshInventory = new RefreshInventory(), seconds: -1))).ShouldBe("porter.command.not_acceptable");
        (await CodeAsync(new SendCommandRequest { MachineId = machine.Id.ToString() })).ShouldBe("porter.command.not_acceptable");
        using var person = world.Porter.ChannelAs(RunningService<PorterDb>.Person("tenant_admin", tenant));
        (await Should.ThrowAsync<RpcException>(async () => await new CommandsClient(person).SendAsync(Start(machine.Id, id), cancellationToken: ct))).StatusCode.ShouldBe(StatusCode.PermissionDenied);
    }

    [Fact]
    public async Task A_kill_of_porter_between_any_two_steps_loses_no_command_and_no_result()
    {
        var database = await world.Servers.NewDatabaseAsync("porter_kill", ct);
        await using (var db = new PorterDb(OptionsOf(database), new ServiceDbParts(new CallContext(), TimeProvider.System, new OutboxSignal()))) await db.Database.MigrateAsync(ct);
        await using var porter = new ServiceProcess("porter", world.Home, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__porterdb"] = database,
            ["ConnectionStrings__rabbitmq"] = await world.Servers.NewVirtualHostAsync("porter-kill", ct),
        });
        await porter.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(world.Home, porter.Http, porter.Grpc);
        using var caller = new ServiceCaller(porter, world.Home, Caller.Service("ant", tenant));
        using var admin = new ServiceCaller(porter, world.Home, RunningService<PorterDb>.Person("tenant_admin", tenant));
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(porter.Grpc);
        var commands = new CommandsClient(channel);
        var token = (await admin.PostAsync("/api/v1/porter/enrolment-tokens", new { name = "k", lifetime_s = 600 })).Body["secret"]!.GetValue<string>();
        using var machine = new TestMachine("K-9");
        await machine.EnrolThroughAsync(world, gateway.Port, token);
        var id = Guid.CreateVersion7().ToString();

        await commands.SendAsync(Start(machine.Id, id), caller.GrpcHeaders, cancellationToken: ct);
        await RestartAsync(porter);
        await using (var stream = await BackAsync(machine, gateway)) (await stream.CommandAsync()).Id.ShouldBe(id);
        await RestartAsync(porter);
        await using (var stream = await BackAsync(machine, gateway))
        {
            (await stream.CommandAsync()).Id.ShouldBe(id, "it was sent, not received");
            await stream.SendAsync(new AgentMessage { Received = new CommandReceived { CommandId = id } });
            await stream.SendAsync(new AgentMessage { Result = new CommandResult { CommandId = "after the receipt" } });
            (await stream.NextAsync()).ResultKept.ShouldNotBeNull();
        }

        await RestartAsync(porter);
        await using (var stream = await BackAsync(machine, gateway, id))
        {
            await stream.SendAsync(Result(id));
            (await stream.NextAsync()).ResultKept.CommandId.ShouldBe(id);
        }

        await RestartAsync(porter);
        using var watch = commands.Watch(new WatchCommandRequest { CommandId = id }, caller.GrpcHeaders, cancellationToken: ct);
        (await UpdateAsync(watch, u => u.State == "finished")).Result.Sync.PointId.ShouldBe("p1");
        await using var last = await BackAsync(machine, gateway);
        await SyncAsync(last);
    }

    internal static SendCommandRequest Send(Guid machine, string id, Action<Command> body, int seconds = 600)
    {
        var command = new Command { Id = id, ExpiresAt = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddSeconds(seconds)) };
        body(command);
        return new SendCommandRequest { MachineId = machine.ToString(), Command = command };
    }

    private static SendCommandRequest Start(Guid machine, string id) => Send(machine, id, c => c.StartSync = new StartSync { TaskId = id, HostId = "h", Mode = "full" });

    private static AgentMessage Result(string id) => new() { Result = new CommandResult { CommandId = id, Ok = true, Sync = new SyncResult { PointId = "p1" } } };

    private static async Task RestartAsync(ServiceProcess porter)
    {
        await porter.KillAsync();
        await porter.StartAsync();
    }

    /// <summary>As an agent does: again and again until it is welcome.</summary>
    private async Task<TestStream> BackAsync(TestMachine machine, RunningGateway gateway, params string[] working) =>
        await Waiting.UntilAsync("the machine is back", TimeSpan.FromSeconds(30), async () =>
        {
            var stream = await machine.ConnectAsync(world, "run-1", gateway.Port, null, working);
            try
            {
                await stream.WelcomeAsync();
                return stream;
            }
            catch (System.Threading.Channels.ChannelClosedException)
            {
                await stream.DisposeAsync();
                return null;
            }
        });

    private static async Task<CommandUpdate> UpdateAsync(AsyncServerStreamingCall<CommandUpdate> watch, Predicate<CommandUpdate> until)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await watch.ResponseStream.MoveNext(limit.Token))
            if (until(watch.ResponseStream.Current)) return watch.ResponseStream.Current;
        throw new InvalidOperationException("the watch ended before");
    }

    private async Task<CommandResult> ResultAsync(CommandsClient commands, string id)
    {
        using var watch = commands.Watch(new WatchCommandRequest { CommandId = id }, cancellationToken: ct);
        return (await UpdateAsync(watch, u => u.Result is not null)).Result;
    }

    /// <summary>All that was due on this stream has come when the answer to this comes.</summary>
    private static async Task SyncAsync(TestStream stream)
    {
        await stream.SendAsync(new AgentMessage { Result = new CommandResult { CommandId = "sync" } });
        (await stream.NextAsync()).ResultKept.ShouldNotBeNull().CommandId.ShouldBe("sync");
    }

    private async Task<string> StateAsync(string id)
    {
        await using var scope = world.Porter.ScopeOf(tenant);
        return (await scope.ServiceProvider.GetRequiredService<PorterDb>().Commands.AsNoTracking().SingleAsync(c => c.Id == Guid.Parse(id), ct)).State.ToString();
    }

    private static DbContextOptions<PorterDb> OptionsOf(string database)
    {
        var options = new DbContextOptionsBuilder<PorterDb>();
        options.UseService(database);
        return options.Options;
    }

    private Grpc.Net.Client.GrpcChannel Services() => world.Porter.ChannelAs(Caller.Service("ant", tenant));
}
