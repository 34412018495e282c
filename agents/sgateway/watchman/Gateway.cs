using System.Net;
using System.Reflection;
using HyperBdr.Agents.Link;
using HyperBdr.Agents.Machine;
using HyperBdr.Agents.Settings;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Watchman.Storage;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Watchman;

/// <summary>One installation of a gateway: its folders, settings, certificate of the data port, and what it tells the console of itself.</summary>
internal sealed class Gateway
{
    private readonly TimeProvider time;

    private Gateway(GatewayHome home, SettingsFile settings, InstallKey installKey, TimeProvider time)
    {
        (Home, Settings, this.time) = (home, settings, time);
        Keys = new StorageKeys(home, installKey);
        Certificate = new DataCertificate(home.Certificates, time);
    }

    public static string Version => typeof(Gateway).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    public GatewayHome Home { get; }

    public SettingsFile Settings { get; }

    public StorageKeys Keys { get; }

    public DataCertificate Certificate { get; }

    public Uri Health => new($"http://{Settings.Get(GatewaySettings.Monitor)}/healthz");

    public ConsoleAddress Console => new Uri(Settings.Get(GatewaySettings.WebsocketServer)) is var url ? new ConsoleAddress(url.Host.Trim('[', ']'), url.Port) : throw new SettingsException();

    /// <exception cref="SettingsException">The configuration is not allowed.</exception>
    public static Gateway Open(string path, TimeProvider time, ILogger log)
    {
        var home = new GatewayHome(Path.GetFullPath(path));
        home.Make();
        var installKey = InstallKey.Open(home.InstallKey);
        return new Gateway(home, SettingsFile.Open(home.Configuration, GatewaySettings.All, installKey, log), installKey, time);
    }

    /// <summary>Certificate of the data port for every name that this machine is reached by.</summary>
    public void EnsureCertificate()
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { "localhost", "127.0.0.1" };
        if (Settings.Get(GatewaySettings.PublicIp) is { Length: > 0 } given && Uri.CheckHostName(given) != UriHostNameType.Unknown) names.Add(given);
        foreach (var address in new MachineFacts().Read().Nics.SelectMany(n => n.Addresses).Where(a => IPAddress.TryParse(a, out _))) names.Add(address);
        Certificate.Ensure(names);
    }

    public Inventory Inventory()
    {
        var inventory = new MachineFacts().Read();
        inventory.DataAddress = $"{(Settings.Get(GatewaySettings.PublicIp) is { Length: > 0 } ip && ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : Settings.Get(GatewaySettings.PublicIp))}:{DataPort}";
        return inventory;
    }

    /// <summary>The endpoint as this machine itself calls it.</summary>
    public BucketCall Endpoint() =>
        new(new Uri($"{(Settings.Get(GatewaySettings.PlainHttp) ? "http" : "https")}://127.0.0.1:{ListenPort}"), Settings.Get(GatewaySettings.Region), Certificate.Authority(), time);

    private int ListenPort => ConsoleAddress.Parse(Settings.Get(GatewaySettings.Listen)).Port;

    // Behind a port mapping the outside has another port than the one that is listened on.
    private int DataPort => Settings.Get(GatewaySettings.Endpoint) is { Length: > 0 } endpoint ? new Uri(endpoint).Port : ListenPort;
}
