using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Gateway.Tls;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class CertificateTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task The_first_start_makes_an_authority_and_a_certificate_and_the_second_keeps_both()
    {
        var home = GatewayUnderTest.NewHome();
        using (await OpenAsync(home))
        {
            using var authority = TestAuthority.Of(home);
            var constraints = authority.Extensions.OfType<X509BasicConstraintsExtension>().Single();
            (constraints.CertificateAuthority, constraints.PathLengthConstraint).ShouldBe((true, 1));
            (authority.NotAfter - Now.UtcDateTime).TotalDays.ShouldBeInRange(3650, 3655);
            File.GetUnixFileMode(Path.Combine(home, "certs/ca.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.GetUnixFileMode(Path.Combine(home, "certs/server.pem")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var first = await ServedAsync(home);
        var names = first.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        names.EnumerateDnsNames().ShouldBe(["localhost", Environment.MachineName.ToLowerInvariant(), "agents.hyperbdr.internal"], ignoreOrder: true);
        names.EnumerateIPAddresses().ShouldBe([IPAddress.Loopback, IPAddress.IPv6Loopback], ignoreOrder: true);
        (first.NotAfter - first.NotBefore).TotalDays.ShouldBeInRange(397, 397.1);
        (await ServedAsync(home)).Thumbprint.ShouldBe(first.Thumbprint);
        var moved = await ServedAsync(home, "--Gateway:Names:0=console.example", "--Gateway:Names:1=192.0.2.7");
        moved.Thumbprint.ShouldNotBe(first.Thumbprint);
        moved.MatchesHostname("console.example").ShouldBeTrue();
        moved.MatchesHostname("192.0.2.7").ShouldBeTrue();
        Directory.Delete(home, true);
    }

    [Fact]
    public async Task A_certificate_near_its_end_is_renewed_without_a_restart()
    {
        var clock = new TestClock();
        await using var gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), null, null), b => b.Services.AddSingleton<TimeProvider>(clock));
        var before = (await HandshakeAsync(gateway)).Thumbprint;
        clock.Advance(TimeSpan.FromDays(366));
        await GatewayUnderTest.EventuallyAsync(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return (await HandshakeAsync(gateway)).Thumbprint == before;
        }, "still the first");
        clock.Advance(TimeSpan.FromDays(2));
        await GatewayUnderTest.EventuallyAsync(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return (await HandshakeAsync(gateway)).Thumbprint != before;
        }, "renewed");
        File.ReadAllText(Path.Combine(gateway.Home, "certs/server.pem")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_users_own_certificate_serves_browsers_and_is_replaced_while_running()
    {
        var home = GatewayUnderTest.NewHome();
        var first = TestAuthority.Server(Now.AddDays(-1), Now.AddDays(90));
        Supply(home, first);
        await using var gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(home, null, null));
        var served = await HandshakeAsync(gateway);
        served.ExportCertificatePem().ShouldBe(first.Certificate);

        // A wrong file changes nothing.
        Supply(home, (TestAuthority.Server(Now.AddDays(-1), Now.AddDays(90)).Certificate, first.Key));
        gateway.Services.GetRequiredService<ServerCertificates>().Refresh();
        (await HandshakeAsync(gateway)).Thumbprint.ShouldBe(served.Thumbprint);

        var second = TestAuthority.Server(Now.AddDays(-1), Now.AddDays(100), rsaBits: 2048);
        Supply(home, second);
        await GatewayUnderTest.EventuallyAsync(async () => (await HandshakeAsync(gateway)).ExportCertificatePem() == second.Certificate, "the replaced file is taken");

        // Agents trust our authority only.
        using var agentAuthority = TestAuthority.Of(home);
        using var agent = TestAuthority.Issue(agentAuthority, "h", Now.AddMinutes(-5), Now.AddDays(1));
        (await HandshakeAsync(gateway, GatewayUnderTest.AgentName, agent)).Issuer.ShouldBe(agentAuthority.Subject);
    }

    [Theory]
    [InlineData("expired", "expired on")]
    [InlineData("other key", "does not belong to")]
    [InlineData("no key", "tls.key cannot be read")]
    [InlineData("no certificate", "tls.crt cannot be read")]
    [InlineData("garbage certificate", "holds no certificate in PEM form")]
    [InlineData("garbage key", "private key in PEM form")]
    [InlineData("passphrase", "protected by a passphrase")]
    [InlineData("short key", "1024 bit key")]
    [InlineData("future", "valid only from")]
    [InlineData("order", "is not the issuer of certificate 1")]
    [InlineData("half configured", "set both")]
    [InlineData("bad name", "is no host name and no address")]
    [InlineData("lost authority key", "put the key back")]
    [InlineData("other authority key", "put both back")]
    public async Task A_wrong_file_ends_the_start_with_one_line(string fault, string says)
    {
        var home = GatewayUnderTest.NewHome();
        var (certificate, key) = TestAuthority.Server(
            fault == "future" ? Now.AddDays(1) : Now.AddDays(-10), fault == "expired" ? Now.AddDays(-1) : Now.AddDays(90), fault == "short key" ? 1024 : 0);
        string[] more = [];
        switch (fault)
        {
            case "other key": key = TestAuthority.Server(Now, Now.AddDays(90)).Key; break;
            case "garbage certificate": certificate = "not a certificate"; break;
            case "garbage key": key = "not a key"; break;
            case "passphrase": key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"; break;
            case "order": certificate += "\n" + TestAuthority.Foreign(Now).ExportCertificatePem(); break;
            case "half configured": more = ["--Gateway:Certificate:Path=/some/where.crt"]; break;
            case "bad name": more = ["--Gateway:Names:0=not a name"]; break;
            case "lost authority key" or "other authority key":
                (await OpenAsync(home)).Dispose();
                File.Delete(Path.Combine(home, "certs/ca.key"));
                if (fault == "other authority key") File.WriteAllText(Path.Combine(home, "certs/ca.key"), key);
                break;
        }

        if (!fault.Contains("authority", StringComparison.Ordinal)) Supply(home, (certificate, key));
        if (fault == "no key") File.Delete(Path.Combine(home, "certs/custom/tls.key"));
        if (fault == "no certificate") File.Delete(Path.Combine(home, "certs/custom/tls.crt"));

        var problem = Should.Throw<CertificateProblemException>(() => GatewayHost.Build(GatewayUnderTest.Arguments(home, null, null, more)));
        problem.Message.ShouldContain(says);
        problem.Message.ShouldNotContain("\n");
        Directory.Delete(home, true);
    }

    [Theory]
    [InlineData("--Gateway:Certificate:Path=/some/where.crt", "set both")]
    [InlineData("--Gateway:Limits:CallsPerSecond=0", "CallsPerSecond")]
    [InlineData("--Gateway:AgentServerName=not a name", "AgentServerName")]
    public async Task A_start_that_cannot_work_says_so_in_one_line_and_has_its_own_exit_code(string setting, string says)
    {
        var home = GatewayUnderTest.NewHome();
        var (exit, errors) = await RunAsync(GatewayUnderTest.Arguments(home, null, null, setting));
        exit.ShouldBe(78);
        errors.ShouldContain(says);
        errors.Trim().ShouldNotContain("\n");
        Directory.Delete(home, true);
    }

    /// <summary>The program itself, as the suite starts it.</summary>
    private static async Task<(int Exit, string Errors)> RunAsync(string[] args)
    {
        using var process = new System.Diagnostics.Process
        {
            StartInfo = new("dotnet", [typeof(GatewayHost).Assembly.Location, .. args]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false },
        };
        process.Start();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var end = limit.Token.Register(process.Kill);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(CancellationToken.None);
        (await output).ShouldNotContain("Now listening");
        return (process.ExitCode, errors);
    }

    private static void Supply(string home, (string Certificate, string Key) pair)
    {
        var folder = Directory.CreateDirectory(Path.Combine(home, "certs/custom")).FullName;
        File.WriteAllText(Path.Combine(folder, "tls.key"), pair.Key);
        File.WriteAllText(Path.Combine(folder, "tls.crt"), pair.Certificate);
    }

    private static async Task<IDisposable> OpenAsync(string home, params string[] more)
    {
        var gateway = GatewayHost.Build(GatewayUnderTest.Arguments(home, null, null, more));
        await Task.CompletedTask;
        return gateway;
    }

    private static async Task<X509Certificate2> ServedAsync(string home, params string[] more)
    {
        using var gateway = (Microsoft.AspNetCore.Builder.WebApplication)await OpenAsync(home, more);
        return X509CertificateLoader.LoadCertificate(gateway.Services.GetRequiredService<ServerCertificates>().Current.Browsers.TargetCertificate.RawData);
    }

    private static async Task<X509Certificate2> HandshakeAsync(GatewayUnderTest gateway, string name = "localhost", X509Certificate2? client = null)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, gateway.ConsolePort);
        await using var tls = new SslStream(tcp.GetStream());
        X509Certificate2? seen = null;
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ClientCertificates = client is null ? null : [client],
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                seen = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
                return seen.Subject.Length > 0;
            },
        });
        return seen!;
    }
}
