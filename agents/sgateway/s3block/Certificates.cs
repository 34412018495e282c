using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.S3Block;

/// <summary>The endpoint's certificate, read again when its files were renewed.</summary>
internal sealed class Certificates(string certificate, string key, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private X509Certificate2? current;
    private DateTime stamp;
    private long lookedAt;

    /// <exception cref="OptionException">At the first call: there is none that can be used.</exception>
    public X509Certificate2 Current()
    {
        lock (gate)
        {
            if (current is not null && time.GetElapsedTime(lookedAt) < LookEvery) return current;
            lookedAt = time.GetTimestamp();
            try
            {
                var written = File.GetLastWriteTimeUtc(certificate);
                if (current is null || written != stamp) (current, stamp) = (X509Certificate2.CreateFromPemFile(certificate, key), written);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
            {
                // Half-renewed files: the old one serves until they fit.
                if (current is null) throw new OptionException("tls_certificate", $"cannot be used: {e.Message}");
            }

            return current;
        }
    }
}
