using System.Diagnostics;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Stores.Validation;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

/// <summary>Programs that other people wrote for S3, byte for byte.</summary>
[Collection(SharedCollection.Name)]
public sealed class ClientTests(SharedGateway shared) : IDisposable
{
    private readonly string bucket = $"b{Guid.CreateVersion7():n}";
    private readonly string work = Directory.CreateTempSubdirectory("s3clients-").FullName;

    private string Authority => shared.Gateway.Endpoint.Authority;

    public void Dispose() => Directory.Delete(work, recursive: true);

    [Fact]
    public async Task The_engine_finds_everything_that_it_asks_of_a_store()
    {
        using var s3 = shared.Gateway.Client();
        await s3.PutBucketAsync(bucket);
        await using var store = new S3Store(new S3Options { Endpoint = shared.Gateway.Endpoint, Region = "us-east-1", Bucket = bucket, Prefix = "repo/one/", AccessKey = Gateway.Owner, SecretKey = Gateway.Secret, PartBytes = S3Options.LeastPartBytes }, null);
        await foreach (var result in new StoreContract(store, "validate", StoreContractOptions.Quick with { LargeBytes = 12 << 20 }, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken))
        {
            result.Failure.ShouldBeNull(result.Check.Name);
        }
    }

    [Fact]
    public async Task S3cmd_puts_gets_and_lists()
    {
        var sources = Sources();
        await File.WriteAllLinesAsync(Path.Combine(work, "cfg"), ["[default]", $"access_key = {Gateway.Owner}", $"secret_key = {Gateway.Secret}", $"host_base = {Authority}", $"host_bucket = {Authority}", "use_https = False", "multipart_chunk_size_mb = 5"]);
        string[] s3cmd = ["s3cmd", "-c", Path.Combine(work, "cfg"), "--no-progress"];
        await RunAsync([.. s3cmd, "mb", $"s3://{bucket}"]);
        await RunAsync([.. s3cmd, "put", "--recursive", sources + "/", $"s3://{bucket}/in/"]);
        await RunAsync([.. s3cmd, "cp", $"s3://{bucket}/in/big", $"s3://{bucket}/in/copy"]);
        await RunAsync([.. s3cmd, "get", "--recursive", $"s3://{bucket}/in/", Directory.CreateDirectory(Path.Combine(work, "out")).FullName + "/"]);
        Same(sources, Path.Combine(work, "out"), ("big", "copy"));
        await RunAsync([.. s3cmd, "rb", "--force", "--recursive", $"s3://{bucket}"]);
    }

    [Fact]
    public async Task Rclone_copies_and_checks_every_byte()
    {
        var sources = Sources();
        await File.WriteAllLinesAsync(Path.Combine(work, "cfg"), ["[s]", "type = s3", "provider = Other", $"access_key_id = {Gateway.Owner}", $"secret_access_key = {Gateway.Secret}", $"endpoint = http://{Authority}", "upload_cutoff = 6Mi", "chunk_size = 5Mi"]);
        string[] rclone = ["rclone", "--config", Path.Combine(work, "cfg"), "-q"];
        await RunAsync([.. rclone, "sync", sources, $"s:{bucket}/in"]);
        await RunAsync([.. rclone, "check", "--download", sources, $"s:{bucket}/in"]);
        await RunAsync([.. rclone, "moveto", $"s:{bucket}/in/big", $"s:{bucket}/moved"]);
        await RunAsync([.. rclone, "copyto", $"s:{bucket}/moved", Path.Combine(work, "out", "big")]);
        Bytes.Same(await File.ReadAllBytesAsync(Path.Combine(work, "out", "big")), await File.ReadAllBytesAsync(Path.Combine(sources, "big")));
        await RunAsync([.. rclone, "purge", $"s:{bucket}"]);
    }

    [Fact]
    public async Task The_aws_command_line_syncs_both_ways()
    {
        var sources = Sources();
        string[] aws = ["/usr/bin/aws", "--endpoint-url", $"http://{Authority}", "s3"];
        await RunAsync([.. aws, "mb", $"s3://{bucket}"]);
        await RunAsync([.. aws, "sync", sources, $"s3://{bucket}/in", "--no-progress"]);
        await RunAsync([.. aws, "sync", $"s3://{bucket}/in", Path.Combine(work, "out"), "--no-progress"]);
        Same(sources, Path.Combine(work, "out"));
        await RunAsync([.. aws, "rb", "--force", $"s3://{bucket}"]);
    }

    [Fact]
    public async Task Restic_reads_back_all_that_it_backed_up()
    {
        string[] restic = ["restic", "--no-cache", "-q", "-r", $"s3:http://{Authority}/{bucket}/repo"];
        await RunAsync([.. restic, "init"]);
        await RunAsync([.. restic, "backup", Sources()]);
        await RunAsync([.. restic, "check", "--read-data"]);
        await RunAsync([.. restic, "forget", "--prune", "--keep-last", "1"]);
        await RunAsync([.. restic, "check", "--read-data"]);
    }

    [Fact]
    public async Task The_javascript_sdk_puts_gets_and_completes()
    {
        var js = Path.Combine(work, "js");
        Directory.CreateDirectory(js);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "js"), "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None })) File.Copy(file, Path.Combine(js, Path.GetFileName(file)));
        await RunAsync(["npm", "ci", "--silent", "--prefix", js]);
        (await RunAsync(["node", Path.Combine(js, "client.js"), $"http://{Authority}", bucket])).ShouldContain("all as sent");
    }

    private string Sources()
    {
        var folder = Directory.CreateDirectory(Path.Combine(work, "in")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "empty"), []);
        File.WriteAllBytes(Path.Combine(folder, "ö ü+&%41"), Bytes.Of(1, 70_000));
        File.WriteAllBytes(Path.Combine(folder, "big"), Bytes.Of(2, 17_000_000));
        return folder;
    }

    private static void Same(string sources, string copies, params (string Of, string Copy)[] more)
    {
        foreach (var (of, copy) in Directory.EnumerateFiles(sources).Select(f => (Path.GetFileName(f), Path.GetFileName(f))).Concat(more))
        {
            File.ReadAllBytes(Path.Combine(copies, copy)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(sources, of))).ShouldBeTrue(copy);
        }
    }

    private async Task<string> RunAsync(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = work };
        start.Environment["AWS_ACCESS_KEY_ID"] = Gateway.Owner;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = Gateway.Secret;
        start.Environment["AWS_DEFAULT_REGION"] = "us-east-1";
        start.Environment["RESTIC_PASSWORD"] = "of a test";
        start.Environment["HOME"] = work;
        start.Environment["LC_ALL"] = "C.UTF-8";
        // rclone refuses to start with it when it serves another place.
        start.Environment.Remove("AWS_CA_BUNDLE");
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{string.Join(' ', command)}\n{string.Join('\n', said)}");
        return said[0];
    }
}
