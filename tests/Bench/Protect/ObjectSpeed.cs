using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using HyperBdr.Agents.Tests;

namespace HyperBdr.Bench.Protect;

/// <summary>PUT and GET of whole objects over TLS: s3block beside the WebDAV server of rclone, the same client in turns.</summary>
internal sealed class ObjectSpeed : IDisposable
{
    private const string Bucket = "speed";
    private const long Volume = 512L << 20;
    private const int SmallCount = 2000;
    private readonly string folder;
    private readonly TestAuthority authority = new();
    private readonly HttpClient http;
    private readonly List<Run> runs = [];

    private ObjectSpeed(string work)
    {
        folder = Directory.CreateDirectory(Path.Combine(work, $"speed-{Guid.CreateVersion7():n}")).FullName;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority.Root);
        http = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } });
    }

    public static async Task PrintAsync(string work, int rounds)
    {
        using var bench = new ObjectSpeed(work);
        await bench.RunAsync(rounds);
    }

    public void Dispose()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task RunAsync(int rounds)
    {
        using var s3block = await S3BlockProcess.StartAsync(Root(), Path.Combine(folder, "s3block"), authority);
        using var s3 = new AmazonS3Client(new BasicAWSCredentials(S3BlockProcess.AccessKey, S3BlockProcess.SecretKey), new AmazonS3Config { ServiceURL = s3block.Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        await MakeBucketAsync(s3);
        using var rclone = await StartRcloneAsync(Path.Combine(folder, "s3block", "certs"), Path.Combine(folder, "rclone"));
        List<Peer> peers =
        [
            new("s3block", s3block.ProcessId, (name, crc, put) => Signed(s3, name, crc, put)),
            new("rclone", rclone.Id, (name, _, put) => new HttpRequestMessage(put ? HttpMethod.Put : HttpMethod.Get, new Uri($"https://127.0.0.1:{rclonePort}/{name}"))),
        ];
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                foreach (var (bytes, atOnce) in ((int, int)[])[(64 << 10, 1), (64 << 10, 8), (4 << 20, 1), (4 << 20, 8), (8 << 20, 2), (64 << 20, 1), (64 << 20, 8)])
                {
                    foreach (var peer in round % 2 == 0 ? peers : Enumerable.Reverse(peers)) await OneAsync(peer, $"r{round}-{bytes}-{atOnce}", bytes, atOnce);
                }
            }
        }
        finally
        {
            Processes.Run("kill", $"{rclone.Id}");
            await rclone.WaitForExitAsync();
        }

        Print();
    }

    private async Task OneAsync(Peer peer, string name, int bytes, int atOnce)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        var crc = Crc(content);
        var count = bytes < 1 << 20 ? SmallCount : (int)Math.Max(atOnce, Volume / bytes);
        await MeasureAsync(peer, "PUT", bytes, atOnce, count, async i =>
        {
            using var request = peer.Request($"{name}-{i}", crc, true);
            request.Content = new ByteArrayContent(content);
            using var answer = await http.SendAsync(request);
            answer.EnsureSuccessStatusCode();
        });
        await MeasureAsync(peer, "GET", bytes, atOnce, count, async i =>
        {
            using var request = peer.Request($"{name}-{i}", "", false);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
            await answer.Content.CopyToAsync(Stream.Null);
        });
    }

    private async Task MeasureAsync(Peer peer, string call, int bytes, int atOnce, int count, Func<int, Task> one)
    {
        Processes.Run("sync");
        var (cpu, began) = (Processes.CpuSeconds(peer.ProcessId), Stopwatch.GetTimestamp());
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, _) => await one(i));
        var wall = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var run = new Run(call, bytes, atOnce, peer.Name, (double)count * bytes / (1 << 20) / wall, (Processes.CpuSeconds(peer.ProcessId) - cpu) / ((double)count * bytes / (1 << 30)));
        runs.Add(run);
        Console.WriteLine(run);
    }

    private static HttpRequestMessage Signed(AmazonS3Client s3, string name, string crc, bool put)
    {
        var wanted = new GetPreSignedUrlRequest { BucketName = Bucket, Key = name, Verb = put ? HttpVerb.PUT : HttpVerb.GET, Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1) };
        if (put) wanted.Headers["x-amz-checksum-crc32c"] = crc;
        var request = new HttpRequestMessage(put ? HttpMethod.Put : HttpMethod.Get, new Uri(s3.GetPreSignedURL(wanted)));
        if (put) request.Headers.Add("x-amz-checksum-crc32c", crc);
        return request;
    }

    private async Task MakeBucketAsync(AmazonS3Client s3)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(s3.GetPreSignedURL(new GetPreSignedUrlRequest { BucketName = Bucket, Verb = HttpVerb.PUT, Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1) })));
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    private int rclonePort;

    private async Task<Process> StartRcloneAsync(string certificates, string to)
    {
        Directory.CreateDirectory(to);
        rclonePort = StandingConsole.FreePort();
        var start = new ProcessStartInfo("rclone", ["serve", "webdav", to, "--addr", $"127.0.0.1:{rclonePort}", "--cert", Path.Combine(certificates, "server.crt"), "--key", Path.Combine(certificates, "server.key"), "-q"]) { UseShellExecute = false };
        start.Environment.Remove("AWS_CA_BUNDLE");
        start.Environment["HOME"] = folder;
        var process = Process.Start(start)!;
        await Fixtures.Waiting.UntilAsync("rclone", TimeSpan.FromSeconds(20), async () => (await http.GetAsync(new Uri($"https://127.0.0.1:{rclonePort}/"))).IsSuccessStatusCode);
        return process;
    }

    private static string Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        var value = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, ~crc);
        return Convert.ToBase64String(value);
    }

    private void Print()
    {
        Console.WriteLine("\nmedians: MiB/s and the server's CPU s per GiB");
        foreach (var group in runs.GroupBy(r => (r.Call, r.Bytes, r.AtOnce)))
        {
            Console.WriteLine($"{group.Key.Call} {group.Key.Bytes >> 10} KiB, {group.Key.AtOnce} at once: " + string.Join("; ", group.GroupBy(r => r.Peer).Select(p => $"{p.Key} {Median(p.Select(r => r.Rate)):f0}, {Median(p.Select(r => r.Cpu)):f2}")));
        }
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    private sealed record Peer(string Name, int ProcessId, Func<string, string, bool, HttpRequestMessage> Request);

    private sealed record Run(string Call, int Bytes, int AtOnce, string Peer, double Rate, double Cpu)
    {
        public override string ToString() => $"{Call} {Bytes >> 10} KiB x{AtOnce} {Peer}: {Rate:f0} MiB/s, {Cpu:f2} CPU s/GiB";
    }
}
