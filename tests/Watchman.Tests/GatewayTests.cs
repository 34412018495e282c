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

        // What s3block says stands in the log of its day, and no longer in the file that it writes to.
        await UntilAsync("the log of the day", () => Task.FromResult(Directory.GetFiles(gateway.At("logs"), "s3block_????????.log") is [var day] && File.ReadAllText(day).Contains($":{gateway.DataPort} monitor ", StringComparison.Ordinal)));

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
        output.ShouldContain(" line ");
        output.ShouldContain("[system] log_level = 7 is not allowed; allowed: a whole number from 0 to 3");
        output.ShouldContain(gateway.At("config", "s3block_config.ini"));
    }

    [Fact]
    public async Task A_data_service_that_ends_at_each_start_is_tried_with_growing_waits_and_told_to_the_console()
    {
        await using var gateway = await GatewayUnderTest.EnrolledAsync();
        var tries = gateway.At("tries");
        await File.WriteAllTextAsync(gateway.At("s3block"), $"#!/bin/sh\ndate +%s >> '{tries}'\necho it cannot start\nexit 3\n");
        gateway.Start();
        await UntilAsync("the condition", () => Task.FromResult(gateway.Console.Heartbeats.Any(b => b.Conditions.Any(c => c.Code == "gateway.data_service.down"))));
        var told = gateway.Console.Heartbeats.SelectMany(b => b.Conditions).First(c => c.Code == "gateway.data_service.down");
        told.Message.ShouldContain("was started ");
        // 0, 2, 6 and 14 seconds after the first start at the most often, within the time that it takes to be told.
        (await File.ReadAllLinesAsync(tries)).Length.ShouldBeInRange(3, 6);
        Directory.GetFiles(gateway.At("logs"), "s3block_????????.log").Select(File.ReadAllText).ShouldHaveSingleItem().ShouldContain("it cannot start");
        Directory.GetFiles(gateway.At("logs"), "watchman_????????.log").Select(File.ReadAllText).ShouldHaveSingleItem().ShouldContain("s3block has ended; it is started again");
    }

    [Fact]
    public async Task A_data_disk_that_is_nearly_full_is_told_before_objects_are_refused()
    {
        await using var gateway = await GatewayUnderTest.EnrolledAsync();
        var free = new DriveInfo(gateway.Home).AvailableFreeSpace >> 20;
        await gateway.ConfigureAsync("min_free_mb", (free * 2 / 3).ToString(System.Globalization.CultureInfo.InvariantCulture));
        gateway.Start();
        await UntilAsync("the condition", () => Task.FromResult(gateway.Console.Heartbeats.Any(b => b.Conditions.Any(c => c.Code == "gateway.disk.nearly_full"))));

        // A changed configuration acts without a restart.
        await gateway.ConfigureAsync("min_free_mb", (free * 2).ToString(System.Globalization.CultureInfo.InvariantCulture));
        await UntilAsync("the other condition", () => Task.FromResult(gateway.Console.Heartbeats.Last().Conditions.Any(c => c.Code == "gateway.disk.full" && c.Message.Contains("new objects are refused", StringComparison.Ordinal))));
        await gateway.ConfigureAsync("min_free_mb", "1");
        await UntilAsync("no condition", () => Task.FromResult(gateway.Console.Heartbeats.Last().Conditions.All(c => !c.Code.StartsWith("gateway.disk", StringComparison.Ordinal))));
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

        foreach (var name in (string[])["hyperbdr_exporter_info{", "node_boot_time_seconds ", "node_load5 ", "node_load15 ", "node_memory_MemAvailable_bytes ", "node_disk_reads_completed_total{", "node_disk_written_bytes_total{", "node_filesystem_avail_bytes{", "hyperbdr_process_up{process=\"s3block\"} ", "hyperbdr_process_up{process=\"watchman\"} ", "hyperbdr_iscsi_blocked_processes ", "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}", "node_memory_MemTotal_bytes ", "node_filesystem_size_bytes{", "node_load1 ", "hyperbdr_s3block_up 0"]) text.ShouldContain(name);
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
