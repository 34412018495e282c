using System.Collections.Concurrent;
using System.Diagnostics;
using Amazon.S3;
using Amazon.S3.Model;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

public sealed class SurvivalTests
{
    private const int PartBytes = 5 << 20;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("LONG") == "1" ? 60 : 2)];

    public static TheoryData<string, int> Calls => new(
        from call in (string[])["rename", "fsync", "pwrite64", "link", "unlink"]
        from when in Environment.GetEnvironmentVariable("LONG") == "1" ? Enumerable.Range(1, 24) : [4]
        select (call, when));

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_kill_at_any_moment_loses_nothing_acknowledged_and_shows_nothing_half_written(int seed)
    {
        await using var gateway = await Gateway.StartAsync();
        using var ledger = new Ledger(gateway);
        await ledger.BeginAsync();
        for (var round = 0; round < 3; round++)
        {
            var work = ledger.WorkAsync(seed * 100 + round);
            await ledger.AcknowledgedAsync(new Random(seed * 31 + round).Next(3, 40));
            await gateway.KillAsync();
            await work;
            await gateway.BeginAsync();
            await ledger.VerifyAsync();
        }

        await gateway.StopAsync();
        (await CheckAsync(gateway)).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_kill_at_a_system_call_loses_nothing_acknowledged(string call, int when)
    {
        await using var gateway = await Gateway.StartAsync();
        using var ledger = new Ledger(gateway);
        await ledger.BeginAsync();
        var start = new ProcessStartInfo("strace") { UseShellExecute = false, RedirectStandardError = true };
        foreach (var argument in (string[])["-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:signal=SIGKILL:when={when}", "-p", $"{gateway.ProcessId}"]) start.ArgumentList.Add(argument);
        using var tracer = Process.Start(start)!;
        var work = ledger.WorkAsync(when);
        await Task.WhenAny(gateway.ExitedAsync(), ledger.AcknowledgedAsync(25));
        if (!gateway.HasExited) await gateway.KillAsync();
        await work;
        await tracer.WaitForExitAsync();
        await gateway.BeginAsync();
        await ledger.VerifyAsync();
    }

    private static async Task<int> CheckAsync(Gateway gateway)
    {
        using var check = Process.Start(new ProcessStartInfo("dotnet", [Gateway.Program, "check", "--home", gateway.Home]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        await check.StandardOutput.ReadToEndAsync();
        await check.WaitForExitAsync();
        return check.ExitCode;
    }

    /// <summary>What was sent and what was confirmed, per key; each key has one writer.</summary>
    private sealed class Ledger(Gateway gateway) : IDisposable
    {
        private const int Writers = 4;
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
        private const string Plain = "plain";
        private const string Versioned = "versioned";

        private readonly ConcurrentDictionary<string, byte[]?> confirmed = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, byte[]?> attempted = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, byte[]> versions = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim acknowledged = new(0);

        public void Dispose() => acknowledged.Dispose();

        public async Task BeginAsync()
        {
            using var s3 = gateway.Client();
            await s3.PutBucketAsync(Plain);
            await s3.PutBucketAsync(Versioned);
            await s3.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = Versioned, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } });
        }

        public async Task AcknowledgedAsync(int count)
        {
            // Only those of this round count.
            while (await acknowledged.WaitAsync(TimeSpan.Zero))
            {
            }

            for (var i = 0; i < count; i++) (await acknowledged.WaitAsync(Patience)).ShouldBeTrue("the endpoint acknowledges no more");
        }

        /// <summary>Puts, overwrites, completes and deletes until the endpoint is gone.</summary>
        public Task WorkAsync(int seed) => Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(w, new Random(seed * Writers + w)))));

        public async Task VerifyAsync()
        {
            using var s3 = gateway.Client();
            foreach (var (name, bytes) in confirmed)
            {
                var (bucket, key) = Split(name);
                var there = await GetAsync(s3, bucket, key, null);
                var matches = Same(there, bytes) || (attempted.TryGetValue(name, out var sent) && Same(there, sent));
                matches.ShouldBeTrue($"{name}: {there?.Length} bytes, confirmed {bytes?.Length}");
                confirmed[name] = there;
                attempted.TryRemove(name, out _);
            }

            foreach (var (id, bytes) in versions) Same(await GetAsync(s3, Versioned, id.Split('|')[0], id.Split('|')[1]), bytes).ShouldBeTrue(id);
            foreach (var bucket in (string[])[Plain, Versioned])
            {
                var listed = (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects ?? [];
                var known = confirmed.Where(c => c.Value is not null && Split(c.Key).Bucket == bucket).Select(c => Split(c.Key).Key).ToList();
                listed.Select(o => o.Key).Where(k => confirmed.ContainsKey($"{bucket}/{k}")).Order(StringComparer.Ordinal).ShouldBe(known.Order(StringComparer.Ordinal));
                // Never confirmed, but shown: then whole.
                foreach (var other in listed.Where(o => !confirmed.ContainsKey($"{bucket}/{o.Key}"))) Same(await GetAsync(s3, bucket, other.Key, null), attempted[$"{bucket}/{other.Key}"]).ShouldBeTrue(other.Key);
            }
        }

        private async Task WriteAsync(int writer, Random random)
        {
            using var s3 = gateway.Client();
            try
            {
                while (true)
                {
                    var bucket = random.Next(2) == 0 ? Plain : Versioned;
                    var key = $"w{writer}/{random.Next(6)}";
                    var name = $"{bucket}/{key}";
                    if (attempted.ContainsKey(name)) confirmed.TryAdd(name, null);
                    var parts = random.Next(8) == 0;
                    var bytes = random.Next(6) == 0 ? null : Bytes.Of(random.Next(), parts ? PartBytes + random.Next(1000) : random.Next(400_000));
                    attempted[name] = bytes;
                    var version = bytes is null ? await DeleteAsync(s3, bucket, key) : parts ? await UploadAsync(s3, bucket, key, bytes) : (await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = new MemoryStream(bytes) })).VersionId;
                    confirmed[name] = bytes;
                    attempted.TryRemove(name, out _);
                    if (bucket == Versioned && bytes is not null) versions[$"{key}|{version}"] = bytes;
                    acknowledged.Release();
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or Amazon.Runtime.AmazonClientException)
            {
                // Killed; what was under way may or may not have happened.
            }
        }

        private static async Task<string?> DeleteAsync(AmazonS3Client s3, string bucket, string key) => (await s3.DeleteObjectAsync(bucket, key)).VersionId;

        private static async Task<string?> UploadAsync(AmazonS3Client s3, string bucket, string key, byte[] bytes)
        {
            var id = (await s3.InitiateMultipartUploadAsync(bucket, key)).UploadId;
            var tags = new List<PartETag>();
            foreach (var (chunk, i) in bytes.Chunk(PartBytes).Select((c, i) => (c, i)))
            {
                tags.Add(new PartETag(i + 1, (await s3.UploadPartAsync(new UploadPartRequest { BucketName = bucket, Key = key, UploadId = id, PartNumber = i + 1, InputStream = new MemoryStream(chunk) })).ETag));
            }

            return (await s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = id, PartETags = tags })).VersionId;
        }

        private static async Task<byte[]?> GetAsync(AmazonS3Client s3, string bucket, string key, string? version)
        {
            try
            {
                using var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, VersionId = version });
                return await ObjectTests.ReadAsync(got);
            }
            catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchKey")
            {
                return null;
            }
        }

        private static bool Same(byte[]? one, byte[]? other) => one is null ? other is null : other is not null && one.AsSpan().SequenceEqual(other);

        private static (string Bucket, string Key) Split(string name) => (name[..name.IndexOf('/', StringComparison.Ordinal)], name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..]);
    }
}
