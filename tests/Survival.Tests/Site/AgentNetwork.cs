using System.Globalization;
using HyperBdr.Demo;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>A network namespace for the machine that is protected, with one cable to this machine that can be cut.</summary>
internal sealed class AgentNetwork : IAsyncDisposable
{
    private readonly string name;
    private readonly string near;
    private readonly string far;

    private AgentNetwork()
    {
        var number = Environment.ProcessId % 200;
        name = string.Create(CultureInfo.InvariantCulture, $"hyperbdr-{Environment.ProcessId}");
        (near, far) = (string.Create(CultureInfo.InvariantCulture, $"hb{number}n"), string.Create(CultureInfo.InvariantCulture, $"hb{number}f"));
        Address = string.Create(CultureInfo.InvariantCulture, $"10.213.{number}.1");
        Cable = string.Create(CultureInfo.InvariantCulture, $"10.214.{number}");
    }

    /// <summary>Where suite and sync gateway answer; it stays when the cable is cut.</summary>
    public string Address { get; }

    /// <summary>Bytes that came out of the namespace.</summary>
    public long Sent => Count("rx_bytes");

    public long Packets => Count("rx_packets");

    private string Cable { get; }

    public static async Task<AgentNetwork> CreateAsync(CancellationToken ct)
    {
        var network = new AgentNetwork();
        try
        {
            await IpAsync($"netns add {network.name}", ct);
            await IpAsync($"link add {network.near} type veth peer name {network.far} netns {network.name}", ct);
            await IpAsync($"address add {network.Address}/32 dev lo", ct);
            await IpAsync($"address add {network.Cable}.1/30 dev {network.near}", ct);
            await IpAsync($"link set {network.near} up", ct);
            await IpAsync($"-n {network.name} address add {network.Cable}.2/30 dev {network.far}", ct);
            await IpAsync($"-n {network.name} link set lo up", ct);
            await IpAsync($"-n {network.name} link set {network.far} up", ct);
            await IpAsync($"-n {network.name} route add default via {network.Cable}.1", ct);
            return network;
        }
        catch (InvalidOperationException)
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>A program and its arguments, run inside of the namespace. Nothing else differs: the kernel's tracing is still there.</summary>
    public (string Program, IReadOnlyList<string> Arguments) Inside(string program, IEnumerable<string> arguments) =>
        ("nsenter", [$"--net=/run/netns/{name}", program, .. arguments]);

    /// <summary>Packets are lost from now on, without an answer.</summary>
    public Task CutAsync() => IpAsync($"link set {near} down", CancellationToken.None);

    public Task MendAsync() => IpAsync($"link set {near} up", CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var command in new[] { $"link delete {near}", $"address delete {Address}/32 dev lo", $"netns delete {name}" })
        {
            try
            {
                await IpAsync(command, CancellationToken.None);
            }
            catch (InvalidOperationException)
            {
                // It was not made.
            }
        }
    }

    private long Count(string name) => long.Parse(File.ReadAllText($"/sys/class/net/{near}/statistics/{name}"), CultureInfo.InvariantCulture);

    private static Task<string> IpAsync(string command, CancellationToken ct) => Tool.RunAsync("ip", command.Split(' '), ct);
}
