using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using HyperBdr.Agents.Commands;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace HyperBdr.Bench.Link;

/// <summary>Many agents in one process: each the product's own link client with its own key, certificate and journal. Obeys lines on its input, answers each with a line of JSON.</summary>
internal sealed class LinkLoad(string folder, ConsoleAddress console, string authority, string run) : ICommandHandler
{
    private const int EnrolTogether = 8;
    private readonly List<(LinkClient Client, string Id)> agents = [];
    private readonly ConcurrentDictionary<string, int> executed = new(StringComparer.Ordinal);

    public static async Task ServeAsync(string[] args)
    {
        var load = new LinkLoad(args[0], ConsoleAddress.Parse(args[1]), await File.ReadAllTextAsync(args[2]), $"{Environment.ProcessId}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            JsonObject answer = words[0] switch
            {
                "enrol" => await load.EnrolAsync(await File.ReadAllLinesAsync(words[1])),
                "connect" => load.Connect(),
                "state" => load.StateSince(DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(words[1], CultureInfo.InvariantCulture))),
                "executed" => load.Executed(),
                _ => throw new InvalidOperationException($"unknown order: {line}"),
            };
            Console.WriteLine(answer.ToJsonString());
        }
    }

    public Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct)
    {
        executed.AddOrUpdate(run.Id, 1, (_, times) => times + 1);
        return Task.FromResult(run.Ok());
    }

    public Task ApplyAsync(AgentSettings settings, CancellationToken ct) => Task.CompletedTask;

    private async Task<JsonObject> EnrolAsync(string[] tokens)
    {
        var begin = TimeProvider.System.GetTimestamp();
        await Parallel.ForAsync(0, tokens.Length, new ParallelOptions { MaxDegreeOfParallelism = EnrolTogether }, async (i, ct) =>
            await new EnrolmentClient(console, authority, TimeProvider.System).EnrolAsync(StoreOf(i), tokens[i], MachineKind.LinuxAgent, InventoryOf(i), "1.0.0", ct));
        for (var i = 0; i < tokens.Length; i++) agents.Add(Agent(i));
        return new JsonObject { ["seconds"] = TimeProvider.System.GetElapsedTime(begin).TotalSeconds };
    }

    private (LinkClient, string) Agent(int i)
    {
        var store = StoreOf(i);
        using var identity = store.Load()!;
        var journal = CommandJournal.Open(Path.Combine(PlaceOf(i), "commands"), NullLogger.Instance);
        // Nothing reports progress here: the clock of the beats is the only one.
        var options = new LinkOptions("1.0.0", _ => Task.FromResult(InventoryOf(i))) { ProgressEvery = TimeSpan.FromMinutes(1) };
        return (new LinkClient(new GrpcLinkTransport(() => console, TimeProvider.System), () => console, store, journal, this, options, TimeProvider.System, NullLogger<LinkClient>.Instance), identity.MachineId);
    }

    private JsonObject Connect()
    {
        foreach (var (client, _) in agents) _ = Task.Run(() => client.RunAsync(CancellationToken.None));
        return [];
    }

    private JsonObject StateSince(DateTimeOffset since)
    {
        var states = agents.Select(a => (a.Id, a.Client.State)).ToList();
        var back = states.Where(s => s.State.Connected && s.State.Since >= since).Select(s => s.State.Since).ToList();
        var dismissed = states.Where(s => s.State.DismissedCode is not null).Select(s => KeyValuePair.Create(s.Id, (JsonNode?)s.State.Since.ToUnixTimeMilliseconds()));
        var faults = states.Where(s => s.State is { Connected: false, Fault: not null }).GroupBy(s => s.State.Fault!).OrderByDescending(g => g.Count()).Take(3).Select(g => (JsonNode)$"{g.Count()} × {g.Key}");
        return new JsonObject
        {
            ["connected"] = states.Count(s => s.State.Connected),
            ["back"] = back.Count,
            ["last"] = back.Count > 0 ? back.Max().ToUnixTimeMilliseconds() : 0,
            ["beats"] = states.Sum(s => s.State.Heartbeats),
            ["dismissed"] = new JsonObject(dismissed),
            ["faults"] = new JsonArray([.. faults]),
        };
    }

    private JsonObject Executed() => new(executed.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value)));

    private string PlaceOf(int i) => Path.Combine(folder, i.ToString(CultureInfo.InvariantCulture));

    private IdentityStore StoreOf(int i) => new(Path.Combine(PlaceOf(i), "certs"));

    private Inventory InventoryOf(int i) => new()
    {
        HostName = $"host-{i:0000}",
        HardwareSerial = $"bench-{run}-{i}",
        OsName = "Debian GNU/Linux 13 (trixie)",
        Kernel = "6.12.0",
        Architecture = "x86_64",
        Firmware = "uefi",
        Cpus = 4,
        MemoryBytes = 8L << 30,
        BootId = "3b6b0a52-6d57-4b0e-9a24-5b5d3ed5a1c0",
        Disks = { new Disk { Id = $"disk-{i}", Device = "/dev/vda", LengthBytes = 100L << 30, Boot = true, PartitionTable = "gpt", Volumes = { new Volume { Device = "/dev/vda1", OffsetBytes = 1 << 20, LengthBytes = 99L << 30, FileSystem = "ext4", MountPoint = "/", UsedBytes = 20L << 30 } } } },
        Nics = { new Nic { Name = "eth0", Mac = $"52:54:{i >> 24 & 255:x2}:{i >> 16 & 255:x2}:{i >> 8 & 255:x2}:{i & 255:x2}", Addresses = { "192.0.2.1" } } },
    };
}
