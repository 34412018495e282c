using System.Security.Cryptography;

namespace HyperBdr.Gateway.Tls;

/// <summary>Looks every few seconds whether a certificate is due or a file changed. Polling also sees changes that file events miss (mounted volumes, renamed links).</summary>
internal sealed partial class CertificateWatch(ServerCertificates certificates, TimeProvider time, ILogger<CertificateWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                certificates.Refresh();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or CertificateProblemException)
            {
                // A full disk, for example: the old certificate still serves; the next round tries again.
                NotRenewed(log, e);
            }
        }
    }

    [LoggerMessage(EventId = 7111, Level = LogLevel.Error, Message = "The server certificate could not be renewed")]
    private static partial void NotRenewed(ILogger log, Exception e);
}
