using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using Shouldly;
using Xunit;

namespace HyperBdr.Watchman.Tests;

public sealed class GatewayTests
{
    [Fact]
    public async Task A_gateway_enrols_serves_makes_the_same_key_twice_and_outlives_its_watchman()
    {
        Assert.SkipUnless(GatewayUnderTest.HasDataService, "This source tree has no s3block.");
        await using var gateway = await GatewayUnderTest.EnrolledAsync();
        gateway.Console.Enrolments.Single().Kind.ShouldBe(MachineKind.SyncGateway);
        gateway.Start();
        await UntilAsync("serves", gateway.ServesAsync);
        await UntilAsync("linked", () => Task.FromResult(!gateway.Console.Hellos.IsEmpty));
        gateway.Console.Hellos.First().Inventory.DataAddress.ShouldBe($"127.0.0.1:{gateway.DataPort}");

        using var reader = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var first = await KeyAsync(gateway, "k-1", reader);
        (await KeyAsync(gateway, "k-2", reader)).ShouldBe(first);
        var configuration = await File.ReadAllTextAsync(gateway.At("config", "s3block_config.ini"));
        configuration.ShouldContain("bucketcreated = true");
        configuration.ShouldContain("kept_by_hand = yes");
        configuration.ShouldNotContain(first.Secret);
        File.ReadAllText(gateway.At("confmgmt", "keys", "points.key")).ShouldNotContain(first.Secret);

        var data = gateway.DataProcess.ShouldNotBeNull();
        gateway.Watchman.Kill();
        await gateway.Watchman.WaitForExitAsync();
        (await gateway.ServesAsync()).ShouldBeTrue();
        gateway.Start();
        await UntilAsync("linked again", () => Task.FromResult(gateway.Console.Hellos.Count == 2));
        gateway.DataProcess.ShouldBe(data);
        (await KeyAsync(gateway, "k-3", reader)).ShouldBe(first);

        using (var process = Process.GetProcessById(data)) process.Kill();
        await UntilAsync("revived", async () => gateway.DataProcess != data && await gateway.ServesAsync());

        (await gateway.RunAsync("stop")).Code.ShouldBe(0);
        (await gateway.ServesAsync()).ShouldBeFalse();
        gateway.Watchman.HasExited.ShouldBeTrue();
        Directory.GetFiles(gateway.At("logs"), "watchman_????????.log").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_wrong_setting_refuses_the_start_and_says_where_and_what_is_allowed()
    {
        await using var gateway = await GatewayUnderTest.EnrolledAsync();
        await File.AppendAllTextAsync(gateway.At("config", "s3block_config.ini"), "log_level = 7\n");

        var (code, output) = await gateway.RunAsync("run");

        code.ShouldBe(1);
        output.ShouldContain("[system] log_level = 7 is not allowed; allowed: a whole number from 0 to 3");
        output.ShouldContain(gateway.At("config", "s3block_config.ini"));
    }

    [Fact]
    public async Task The_exporter_shows_the_machine_and_says_that_the_data_service_is_down()
    {
        var folder = Directory.CreateTempSubdirectory("hyperbdr-exporter-").FullName;
        var port = HyperBdr.Agents.Tests.StandingConsole.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "config.ini"), $"[DEFAULT]\nServiceType = s3block\nListen = 127.0.0.1:{port}\nS3BlockMetrics = http://127.0.0.1:1/metrics\nLogPath = {folder}\n");
        using var exporter = Process.Start(new ProcessStartInfo("dotnet", [GatewayUnderTest.Built("sgateway/exporter", "hyper_exporter.dll"), "--config", Path.Combine(folder, "config.ini")]))!;
        using var http = new HttpClient();
        var text = "";
        try
        {
            await UntilAsync("metrics", async () =>
            {
                try
                {
                    text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            });
        }
        finally
        {
            exporter.Kill();
            await exporter.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }

        foreach (var name in (string[])["node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}", "node_memory_MemTotal_bytes ", "node_filesystem_size_bytes{", "node_load1 ", "hyperbdr_s3block_up 0"]) text.ShouldContain(name);
        var types = text.Split('\n').Where(l => l.StartsWith("# TYPE", StringComparison.Ordinal)).ToList();
        types.ShouldBe(types.Distinct());
    }

    private static async Task<(string AccessKey, string Secret)> KeyAsync(GatewayUnderTest gateway, string id, ECDiffieHellman reader)
    {
        await gateway.Console.SendAsync(new Command { Id = id, MakeStorageKey = new MakeStorageKey { Bucket = "points", ReaderKey = ByteString.CopyFrom(reader.ExportSubjectPublicKeyInfo()) } });
        await UntilAsync($"result {id}", () => Task.FromResult(gateway.Console.KeptResults.ContainsKey(id)));
        var result = gateway.Console.KeptResults[id];
        result.Ok.ShouldBeTrue(result.Message);
        result.StorageKey.Authority.ShouldNotBeEmpty();
        return (result.StorageKey.AccessKey, Encoding.UTF8.GetString(SealedToMachine.Open(reader, "storage-key/points", result.StorageKey.SealedSecret.Span)));
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(60)) throw new TimeoutException($"Not within a minute: {what}");
            await timer.WaitForNextTickAsync();
        }
    }
}
