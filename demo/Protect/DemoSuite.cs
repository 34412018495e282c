using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using HyperBdr.Demo.Api;

namespace HyperBdr.Demo.Protect;

/// <summary>A suite of its own for the demonstration, started and stopped as a user does it.</summary>
internal sealed partial class DemoSuite : IAsyncDisposable
{
    private const int ConsolePort = 10443;
    private const int PortalPort = 30443;
    private const string Tenant = "demo";
    private const string InitialPassword = "Start-1nitial-Pass";
    private readonly DemoOptions options;
    private readonly Dictionary<string, string?> environment;

    private DemoSuite(DemoOptions options, IPAddress address)
    {
        this.options = options;
        environment = new(StringComparer.Ordinal)
        {
            ["HYPERBDR_HOME"] = options.SuiteHome,
            ["PORTS__OFFSET"] = options.Offset.ToString(CultureInfo.InvariantCulture),
            ["Gateway__Names__0"] = address.ToString(),
        };
        Uri At(int port) => new($"https://{address}:{(port + options.Offset).ToString(CultureInfo.InvariantCulture)}");
        Address = new(At(ConsolePort), At(PortalPort), Path.Combine(options.SuiteHome, "certs", "ca.crt"));
    }

    public SuiteAddress Address { get; }

    /// <summary>User and password of the company's administrator, for a look at the console.</summary>
    public (string User, string Password) SignIn { get; private set; }

    /// <param name="output">What the start said.</param>
    /// <param name="address">Where other machines reach it; null for an address of this machine.</param>
    public static async Task<DemoSuite> StartAsync(DemoOptions options, Action<string> output, CancellationToken ct, IPAddress? address = null)
    {
        var suite = new DemoSuite(options, address ?? OwnAddress());
        try
        {
            var said = await suite.RunAsync(["--detach"], ct);
            var password = PasswordPattern().Match(said);
            // Passwords stand in no log.
            output(password.Success ? said.Replace(password.Groups["password"].Value, "***", StringComparison.Ordinal) : said);
            if (!password.Success) throw new InvalidOperationException("The first start printed no administrator password.");
            await suite.AddCompanyAsync(password.Groups["password"].Value, ct);
            return suite;
        }
        catch (Exception e) when (e is InvalidOperationException or HttpRequestException or ApiException or OperationCanceledException)
        {
            // What did not start cannot be stopped; the first reason is the one to be told.
            await StopAsync(options, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Calls of a program with an access key of the company's administrator.</summary>
    public async Task<SuiteApi> ApiAsync(TimeProvider time, CancellationToken ct)
    {
        using var administrator = await ConsoleSession.FirstSignInAsync(Address, "console", SignIn.User, InitialPassword, ct);
        SignIn = (SignIn.User, administrator.Password);
        var key = await administrator.SendAsync(HttpMethod.Post, "/api/v1/identity/access-keys", new { description = "demonstration" }, ct);
        return new SuiteApi(new SignedClient(Address, key.Text("access_key"), key.Text("secret"), time));
    }

    public async ValueTask DisposeAsync() => await RunAsync(["--stop"], CancellationToken.None);

    /// <summary>Ends the suite of an earlier run; nothing to do when it ended with its run.</summary>
    public static async Task StopAsync(DemoOptions options, CancellationToken ct)
    {
        try
        {
            await new DemoSuite(options, IPAddress.Loopback).RunAsync(["--stop"], ct);
        }
        catch (InvalidOperationException)
        {
            // It does not run.
        }
    }

    /// <summary>An address of this machine that it, and a guest behind QEMU's network, both reach it at.</summary>
    internal static IPAddress OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(n => n.GetIPProperties().UnicastAddresses).Select(a => a.Address)
        .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && a.GetAddressBytes() is not [169, 254, ..])
        ?? throw new InvalidOperationException("This machine has no IPv4 address beside 127.0.0.1: the guest could not reach the suite.");

    private async Task AddCompanyAsync(string password, CancellationToken ct)
    {
        SignIn = ($"{Tenant}.admin", InitialPassword);
        using var operators = await ConsoleSession.FirstSignInAsync(Address, "portal", "admin", password, ct);
        await operators.SendAsync(HttpMethod.Post, "/api/v1/identity/tenants", new { name = Tenant, scene = "all", admin = new { username = SignIn.User, password = InitialPassword } }, ct);
    }

    private Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken ct) => Tool.RunAsync(Path.Combine(options.Root, "run"), arguments, ct, environment);

    [GeneratedRegex(@"[Pp]assword:?\s+(?<password>\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PasswordPattern();
}
