using System.Diagnostics;
using System.Net;
using System.Text;
using Amazon.S3.Model;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

public sealed class DiskTests
{
    private const string Bucket = "disk";

    [Fact]
    public async Task Damaged_bytes_are_never_answered_and_the_check_names_them()
    {
        await using var gateway = await Gateway.StartAsync();
        using var s3 = gateway.Client();
        await s3.PutBucketAsync(Bucket);
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "k", InputStream = new MemoryStream(Bytes.Of(1, 700_000)) });
        var file = Directory.EnumerateFiles(Path.Combine(gateway.Home, "diskdir", "buckets", Bucket, "objects"), "*", SearchOption.AllDirectories).Single();
        using (var open = File.OpenHandle(file, access: FileAccess.ReadWrite))
        {
            RandomAccess.Write(open, [(byte)(Bytes.Of(1, 700_000)[300_000] ^ 1)], 300_000);
        }

        using var first = await s3.GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = "k", ByteRange = new ByteRange(0, 99) });
        Bytes.Same(await ObjectTests.ReadAsync(first), Bytes.Of(1, 700_000)[..100]);
        (await ObjectTests.RefusedAsync(() => s3.GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = "k", ByteRange = new ByteRange(300_001, 300_002) }))).ShouldBe((500, "InternalError"));
        await Should.ThrowAsync<Exception>(async () => await ObjectTests.ReadAsync(await s3.GetObjectAsync(Bucket, "k")));
        using var http = new HttpClient();
        (await http.GetStringAsync(new Uri(gateway.Monitor, "/metrics"))).ShouldContain("s3block_damaged_reads_total 2");
        await gateway.StopAsync();
        var (code, said) = await RunAsync("dotnet", Gateway.Program, "check", "--home", gateway.Home);
        code.ShouldBe(2);
        said.ShouldContain("block 1 is damaged");
    }

    [Fact]
    public async Task Listings_are_complete_after_the_index_was_lost()
    {
        await using var gateway = await Gateway.StartAsync();
        using (var s3 = gateway.Client())
        {
            await s3.PutBucketAsync(Bucket);
            await Parallel.ForAsync(0, 30, async (i, ct) => await s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = $"k{i}", ContentBody = "x" }, ct));
        }

        await gateway.KillAsync();
        foreach (var file in Directory.EnumerateFiles(gateway.Home, "s3block.db*")) File.WriteAllText(file, "not a database");
        await gateway.BeginAsync();
        using var again = gateway.Client();
        (await again.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket })).KeyCount.ShouldBe(30);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_and_changes_nothing()
    {
        await using var gateway = await Gateway.StartAsync("min_free_mb = 1000000000");
        using var s3 = gateway.Client();
        await s3.PutBucketAsync(Bucket);
        (await ObjectTests.RefusedAsync(() => s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "k", ContentBody = "x" }))).ShouldBe((507, "InsufficientStorage"));
        Directory.EnumerateFiles(Path.Combine(gateway.Home, "diskdir", "tmp")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Over_tls_it_keeps_what_it_is_given_and_a_second_one_does_not_start_on_the_same_folder()
    {
        await using var gateway = await Gateway.StartAsync("tls_certificate = certs/server.crt", "tls_key = certs/server.key");
        using var s3 = gateway.Client();
        await s3.PutBucketAsync(Bucket);
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "k", InputStream = new MemoryStream(Bytes.Of(1, 2_000_000)) });
        using var got = await s3.GetObjectAsync(Bucket, "k");
        Bytes.Same(await ObjectTests.ReadAsync(got), Bytes.Of(1, 2_000_000));
        gateway.Endpoint.Scheme.ShouldBe("https");
        (await RunAsync("dotnet", Gateway.Program, "serve", "--home", gateway.Home)).Code.ShouldBe(3);
    }

    [Theory]
    [InlineData("", 403, "AccessDenied")]
    [InlineData("AWS OWNER01:x", 400, "InvalidRequest")]
    [InlineData("AWS4-HMAC-SHA256 Credential=OWNER01/20200101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date;x-amz-content-sha256, Signature=00", 403, "RequestTimeTooSkewed")]
    public async Task Who_does_not_prove_a_key_at_the_right_time_gets_nothing(string authorization, int status, string code)
    {
        await using var gateway = await Gateway.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.Endpoint);
        if (authorization.Length > 0) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.Add("x-amz-date", "20200101T000000Z");
        request.Headers.Add("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        using var answer = await http.SendAsync(request);
        ((int)answer.StatusCode, (await answer.Content.ReadAsStringAsync()).Contains($"<Code>{code}</Code>", StringComparison.Ordinal)).ShouldBe((status, true));
        (await http.GetAsync(new Uri(gateway.Monitor, "/healthz"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void Checksums_are_those_of_their_standards_and_join_to_that_of_the_whole()
    {
        var digits = Encoding.ASCII.GetBytes("123456789");
        Convert.ToHexString(Convert.FromBase64String(Http.Digest.Base64("crc64nvme", digits))).ShouldBe("AE8B14860A799888");
        Convert.ToHexString(Convert.FromBase64String(Http.Digest.Base64("crc32c", digits))).ShouldBe("E3069283");
        Convert.ToHexString(Convert.FromBase64String(Http.Digest.Base64("crc32", digits))).ShouldBe("CBF43926");
        var bytes = Bytes.Of(1, 100_003);
        foreach (var algorithm in (string[])["crc32", "crc32c", "crc64nvme"])
        {
            Http.CrcJoin.Join(algorithm, bytes.Chunk(33_333).Select(c => (Http.Digest.Base64(algorithm, c), (long)c.Length))).ShouldBe(Http.Digest.Base64(algorithm, bytes));
        }
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Join('\n', said));
    }
}
