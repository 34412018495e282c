namespace HyperBdr.Exporter.Collectors;

/// <summary>What s3block says of itself on loopback, passed on; whether it answered is a metric of its own.</summary>
internal sealed class S3BlockCollector(Uri metrics, TimeSpan timeout) : IDisposable
{
    private const int MaxLength = 4 << 20;
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = timeout, MaxResponseContentBufferSize = MaxLength };

    public async Task WriteAsync(MetricText text, CancellationToken ct)
    {
        string? said = null;
        try
        {
            said = await http.GetStringAsync(metrics, ct);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            // Told by the metric below.
        }

        text.Gauge("hyperbdr_s3block_up", "1 when the data service of this gateway answers.", said is null ? 0 : 1);
        if (said is not null) text.Append(said);
    }

    public void Dispose() => http.Dispose();
}
