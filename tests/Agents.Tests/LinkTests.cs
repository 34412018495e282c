using System.Collections.Concurrent;
using HyperBdr.Agents.Commands;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace HyperBdr.Agents.Tests;

public sealed class LinkTests : IAsyncLifetime
{
    private readonly string home = Directory.CreateTempSubdirectory("hyperbdr-agents-").FullName;
    private readonly CancellationTokenSource stop = new();
    private readonly RecordingHandler handler = new();
    private StandingConsole console = null!;
    private Task running = Task.CompletedTask;
    private LinkClient link = null!;

    public async ValueTask InitializeAsync() => console = await StandingConsole.StartAsync(StandingConsole.FreePort());

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));
        await console.DisposeAsync();
        stop.Dispose();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Enrolment_whose_answer_is_lost_is_repeated_with_the_same_key()
    {
        console.LoseEnrolAnswers = 1;

        var (identity, _) = await EnrolAsync();

        identity.MachineId.ShouldBe("machine-1");
        identity.TenantId.ShouldBe("tenant-1");
        console.Enrolments.Count.ShouldBe(2);
        console.Enrolments.Select(e => e.CertificateRequest).Distinct().Count().ShouldBe(1);
        new IdentityStore(Certs).Load()!.Certificate.HasPrivateKey.ShouldBeTrue();
        File.GetUnixFileMode(Path.Combine(Certs, "machine.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Certs).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task A_console_of_another_authority_gets_no_token()
    {
        var refused = await Should.ThrowAsync<EnrolmentException>(() => EnrolAsync(authority: new TestAuthority().Pem));

        refused.Code.ShouldBe("agent.console.not_trusted");
        console.Enrolments.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_that_cannot_be_used_is_refused_with_its_code_at_once()
    {
        var refused = await Should.ThrowAsync<EnrolmentException>(() => EnrolAsync(token: "used"));

        refused.Code.ShouldBe("porter.enrolment_token.not_usable");
        new IdentityStore(Certs).IsEnrolled.ShouldBeFalse();
    }

    [Fact]
    public async Task A_link_is_not_made_to_a_console_of_another_authority()
    {
        await EnrolAsync();
        await console.StopAsync();
        await using var other = await StandingConsole.StartAsync(StandingConsole.FreePort());

        Start(duplex: false, other.Address);

        await UntilAsync(() => link.State.Fault?.Contains("pinned authority", StringComparison.Ordinal) == true);
        other.Hellos.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_is_acknowledged_reported_on_done_and_kept(bool duplex)
    {
        console.Settings = new AgentSettings { Revision = 7 };
        await EnrolAsync();
        Start(duplex);
        await UntilAsync(() => !console.Heartbeats.IsEmpty);
        console.Hellos.Single().Inventory.HostName.ShouldBe("tested");
        handler.Applied.Single().Revision.ShouldBe(7);

        await console.SendAsync(StartSync("c-1"));
        await UntilAsync(() => handler.Runs.ContainsKey("c-1"));
        handler.Runs["c-1"].Report(new CommandProgress { Phase = "transfer", DoneBytes = 5 });
        await UntilAsync(() => console.Progress.Any(p => p is { CommandId: "c-1", DoneBytes: 5 }));
        handler.Let("c-1");

        await UntilAsync(() => console.KeptResults.ContainsKey("c-1"));
        await UntilAsync(() => File.Exists(Path.Combine(home, "commands", "c-1.kept")));
        console.Received.ShouldBe(["c-1"]);
        console.Results.ShouldHaveSingleItem().Ok.ShouldBeTrue();
        await UntilAsync(() => console.Heartbeats.Count >= 2);
        console.Heartbeats.Select(h => h.Sequence).ShouldBeInOrder();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cut_link_comes_back_and_what_was_finished_meanwhile_is_sent_until_it_is_kept(bool duplex)
    {
        console.KeepsResults = false;
        await EnrolAsync();
        Start(duplex);
        await UntilAsync(() => link.State.Connected);
        await console.SendAsync(StartSync("c-1"));
        await UntilAsync(() => handler.Runs.ContainsKey("c-1"));

        console.Cut();
        handler.Let("c-1");

        await UntilAsync(() => console.Results.Count >= 2);
        console.Hellos.Count.ShouldBeGreaterThanOrEqualTo(2);
        console.Hellos.Select(h => h.InstanceId).Distinct().Count().ShouldBe(1);
        console.KeepsResults = true;
        await UntilAsync(() => console.KeptResults.ContainsKey("c-1"));
        handler.Begun.ShouldBe(["c-1"]);
    }

    [Fact]
    public async Task A_certificate_of_twenty_days_is_renewed_with_the_same_key_and_shown_on_the_next_stream()
    {
        console.CertificatesBegin = TimeProvider.System.GetUtcNow().AddDays(-21);
        var (before, _) = await EnrolAsync();

        Start(duplex: true);
        await UntilAsync(() => link.State.Connected);

        var after = new IdentityStore(Certs).Load()!;
        console.Renewals.ShouldBe(1);
        after.Begins.ShouldBeGreaterThan(before.Begins);
        console.Certificates.ShouldBe([after.Certificate.SerialNumber]);
        after.Certificate.PublicKey.ExportSubjectPublicKeyInfo().ShouldBe(before.Certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task A_dismissed_machine_stops_its_commands_and_resumes_them_when_it_is_welcome_again()
    {
        await EnrolAsync();
        Start(duplex: false);
        await UntilAsync(() => link.State.Connected);
        await console.SendAsync(StartSync("c-1"));
        await UntilAsync(() => handler.Runs.ContainsKey("c-1"));

        await console.DismissAsync(new Dismissed { Code = "porter.machine.quarantined", Message = "Two machines use this identity." });
        await UntilAsync(() => handler.Stopped.Contains("c-1"));
        link.State.DismissedCode.ShouldBe("porter.machine.quarantined");
        console.Dismissal = null;

        await UntilAsync(() => handler.Begun.Count == 2);
        handler.Runs["c-1"].Resumed.ShouldBeTrue();
        handler.Let("c-1");
        await UntilAsync(() => console.KeptResults.ContainsKey("c-1"));
    }

    [Fact]
    public async Task An_agent_killed_again_and_again_does_each_command_once_and_loses_no_result()
    {
        const int Rounds = 8;
        const int PerRound = 16;
        await EnrolAsync();
        var random = new Random(20261123);
        for (var round = 0; round <= Rounds; round++)
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("dotnet", [HostProgram, home, console.Address]))!;
            var goal = round == Rounds ? Rounds * PerRound : Math.Min(Rounds * PerRound, console.KeptResults.Count + random.Next(1, PerRound));
            if (round < Rounds) await Task.WhenAll(Enumerable.Range(round * PerRound, PerRound).Select(i => console.SendAsync(StartSync($"c-{i}"))));
            await UntilAsync(() => console.KeptResults.Count >= goal);
            process.Kill();
            await process.WaitForExitAsync();
        }

        var ledger = await File.ReadAllLinesAsync(Path.Combine(home, "ledger"));
        ledger.Where(l => l.StartsWith("begin ", StringComparison.Ordinal)).GroupBy(l => l).Where(g => g.Count() > 1).ShouldBeEmpty();
        for (var i = 0; i < Rounds * PerRound; i++)
        {
            // One result, whichever process made it, however often it was sent.
            console.Results.Where(r => r.CommandId == $"c-{i}").Distinct().Count().ShouldBe(1);
            ledger.ShouldContain($"end c-{i}");
        }
    }

    // From its own folder: what it needs beside it differs from what the tests need.
    private static string HostProgram => typeof(LinkTests).Assembly.Location.Replace("Agents.Tests", "AgentHost", StringComparison.Ordinal);

    private string Certs => Path.Combine(home, "certs");

    private Task<(MachineIdentity Identity, bool TookOver)> EnrolAsync(string token = "good", string? authority = null) =>
        new EnrolmentClient(ConsoleAddress.Parse(console.Address), authority ?? console.Authority.Pem, TimeProvider.System)
            .EnrolAsync(new IdentityStore(Certs), token, MachineKind.SyncGateway, new Inventory { HostName = "tested" }, "1.0.0", CancellationToken.None);

    private void Start(bool duplex, string? to = null)
    {
        var address = ConsoleAddress.Parse(to ?? console.Address);
        ILinkTransport transport = duplex ? new DuplexLinkTransport(() => new Uri($"wss://{address}/duplex/gateway/v1"), TimeProvider.System) : new GrpcLinkTransport(() => address, TimeProvider.System);
        var options = new LinkOptions("1.0.0", _ => Task.FromResult(new Inventory { HostName = "tested" }))
        {
            FirstDelay = TimeSpan.FromMilliseconds(20),
            LongestDelay = TimeSpan.FromMilliseconds(100),
            ResendAfter = TimeSpan.FromMilliseconds(200),
            ProgressEvery = TimeSpan.FromMilliseconds(50),
            DismissedRetry = TimeSpan.FromMilliseconds(100),
        };
        link = new LinkClient(transport, () => address, new IdentityStore(Certs), CommandJournal.Open(Path.Combine(home, "commands"), NullLogger.Instance), handler, options, TimeProvider.System, NullLogger<LinkClient>.Instance);
        running = link.RunAsync(stop.Token);
    }

    private static Command StartSync(string id) => new() { Id = id, StartSync = new StartSync { TaskId = id, Mode = "full" } };

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds()) await timer.WaitForNextTickAsync(limit.Token);
    }

    private sealed class RecordingHandler : ICommandHandler
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> gates = new();

        public ConcurrentDictionary<string, CommandRun> Runs { get; } = new();

        public ConcurrentQueue<string> Begun { get; } = new();

        public ConcurrentQueue<string> Stopped { get; } = new();

        public ConcurrentQueue<AgentSettings> Applied { get; } = new();

        public void Let(string id) => Gate(id).TrySetResult();

        public async Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct)
        {
            Runs[run.Id] = run;
            Begun.Enqueue(run.Id);
            try
            {
                await Gate(run.Id).Task.WaitAsync(ct);
            }
            catch (OperationCanceledException)
            {
                Stopped.Enqueue(run.Id);
                throw;
            }

            return run.Ok();
        }

        public Task ApplyAsync(AgentSettings settings, CancellationToken ct)
        {
            Applied.Enqueue(settings);
            return Task.CompletedTask;
        }

        private TaskCompletionSource Gate(string id) => gates.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
