using System.Diagnostics;
using Amazon.S3.Model;
using HyperBdr.S3Block.Keys;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

/// <summary>What lies on the disk while nothing runs.</summary>
public sealed class AtRestTests
{
    private const string Bucket = "rest";

    [Fact]
    public async Task Secrets_are_sealed_in_every_file_and_open_in_this_installation_alone()
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Keys.Add(new OwnerKey { AccessKey = "SEALED01", Secret = "secret-of-sealed", Buckets = ["*"] });
        foreach (var file in Directory.EnumerateFiles(Path.Combine(gateway.Home, "config"), "*", SearchOption.AllDirectories))
        {
            var text = await File.ReadAllTextAsync(file);
            text.ShouldNotContain(Gateway.Secret);
            text.ShouldNotContain("secret-of-sealed");
        }

        await gateway.StopAsync();
        await gateway.BeginAsync();
        using (var s3 = gateway.Client()) await s3.PutBucketAsync(Bucket);
        using (var s3 = gateway.Client("SEALED01", "secret-of-sealed")) await s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "k", ContentBody = "x" });
        await gateway.StopAsync();
        File.Delete(S3BlockOptions.InstallKeyOf(gateway.Home));
        var (code, said) = await RunAsync(gateway, "serve");
        code.ShouldBe(1);
        said.ShouldContain("sealed by another installation");
    }

    [Fact]
    public async Task A_repair_removes_old_parts_of_nobody_and_no_others()
    {
        await using var gateway = await Gateway.StartAsync();
        string old, young, open;
        using (var s3 = gateway.Client())
        {
            await s3.PutBucketAsync(Bucket);
            old = await UploadAsync(s3, "old");
            young = await UploadAsync(s3, "young");
            open = await UploadAsync(s3, "open");
        }

        await gateway.StopAsync();
        foreach (var leaked in (string[])[old, young]) File.Delete(Path.Combine(gateway.Home, "diskdir", "uploads", Bucket, leaked));
        foreach (var aged in (string[])[old, open])
        {
            var folder = PartsOf(gateway, aged);
            foreach (var path in Directory.EnumerateFiles(folder)) File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(50));
            Directory.SetLastWriteTimeUtc(folder, DateTime.UnixEpoch.AddYears(50));
        }

        (await RunAsync(gateway, "check")).Said.ShouldContain("2 folders of parts that no object names");
        Directory.Exists(PartsOf(gateway, old)).ShouldBeTrue("nothing was asked to be removed");
        var (code, said) = await RunAsync(gateway, "check", "--repair");
        code.ShouldBe(0, said);
        ((string[])[old, young, open]).Select(u => Directory.Exists(PartsOf(gateway, u))).ShouldBe([false, true, true]);
    }

    private static async Task<string> UploadAsync(Amazon.S3.AmazonS3Client s3, string key)
    {
        var id = (await s3.InitiateMultipartUploadAsync(Bucket, key)).UploadId;
        await s3.UploadPartAsync(new UploadPartRequest { BucketName = Bucket, Key = key, UploadId = id, PartNumber = 1, InputStream = new MemoryStream(Bytes.Of(1, 1000)) });
        return id;
    }

    private static string PartsOf(Gateway gateway, string upload) => Path.Combine(gateway.Home, "diskdir", "parts", upload[^2..], upload);

    private static async Task<(int Code, string Said)> RunAsync(Gateway gateway, params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Gateway.Program, .. command, "--home", gateway.Home]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Join('\n', said));
    }
}
