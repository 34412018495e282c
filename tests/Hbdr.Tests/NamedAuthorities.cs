using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.S3Testing;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class NamedAuthorities : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task An_s3_service_with_a_certificate_of_the_named_authority_is_used_and_with_one_of_another_it_is_not()
    {
        await using var server = await S3Server.StartAsync(null, new S3ServerOptions());
        using var certificate = OwnCertificate();
        await using var front = TlsFront.Start(certificate, server.Endpoint.Port);
        await File.WriteAllTextAsync(scratch.PathOf("authority.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(scratch.PathOf("empty.pem"), "nothing");
        var s3 = new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = server.Options.AccessKey, ["AWS_SECRET_ACCESS_KEY"] = server.Options.SecretKey, ["AWS_REGION"] = server.Options.Region };
        string[] place = [$"s3://{server.Options.Bucket}/one", "--s3-endpoint", $"https://localhost:{front.Port}"];
        var image = scratch.Image("image", 8 << 20, 1, (0, 4 << 20));

        (await scratch.RunAsync(["init", .. place, "--s3-authority", scratch.PathOf("authority.pem")], s3)).Well();
        s3["HBDR_S3_AUTHORITY"] = scratch.PathOf("authority.pem");
        (await scratch.RunAsync(["backup", .. place, image, "--host", "one"], s3)).Well();
        front.Handshakes.ShouldBeGreaterThan(1);

        using var stranger = OwnCertificate();
        await File.WriteAllTextAsync(scratch.PathOf("stranger.pem"), stranger.ExportCertificatePem());
        s3["HBDR_S3_AUTHORITY"] = scratch.PathOf("stranger.pem");
        (await scratch.RunAsync(["points", .. place], s3)).Failed(3, "engine.store.refused");
        s3["HBDR_S3_AUTHORITY"] = scratch.PathOf("empty.pem");
        (await scratch.RunAsync(["points", .. place], s3)).Failed(1, "engine.argument.invalid");
        s3["HBDR_S3_AUTHORITY"] = scratch.PathOf("missing.pem");
        (await scratch.RunAsync(["points", .. place], s3)).Failed(1, "engine.argument.invalid");
    }

    private static X509Certificate2 OwnCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
    }

    /// <summary>TLS in front of a server that speaks plain HTTP.</summary>
    private sealed class TlsFront : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Task accepting;
        private int handshakes;

        private TlsFront(X509Certificate2 certificate, int behind)
        {
            listener.Start();
            accepting = AcceptAsync(certificate, behind);
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public int Handshakes => Volatile.Read(ref handshakes);

        public static TlsFront Start(X509Certificate2 certificate, int behind) => new(certificate, behind);

        public async ValueTask DisposeAsync()
        {
            listener.Stop();
            await accepting;
        }

        private async Task AcceptAsync(X509Certificate2 certificate, int behind)
        {
            while (true)
            {
                TcpClient client;
                try
                {
                    client = await listener.AcceptTcpClientAsync();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return;
                }

                _ = ServeAsync(client, certificate, behind);
            }
        }

        private async Task ServeAsync(TcpClient client, X509Certificate2 certificate, int behind)
        {
            try
            {
                using (client)
                using (var server = new TcpClient())
                {
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(certificate);
                    Interlocked.Increment(ref handshakes);
                    await server.ConnectAsync(IPAddress.Loopback, behind);
                    await Task.WhenAny(tls.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(tls));
                }
            }
            catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException)
            {
                // The client has gone; its own result says what it thought.
            }
        }
    }
}
