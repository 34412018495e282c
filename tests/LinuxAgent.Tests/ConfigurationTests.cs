using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using HyperBdr.Fixtures;
using HyperBdr.LinuxAgent.Config;
using HyperBdr.LinuxAgent.Layout;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>Every key of config.ini: the document, the program's list, what a wrong value does, and that a right one arrives.</summary>
public sealed partial class ConfigurationTests
{
    /// <summary>For each key a value that is refused, and where there is one another that is taken and changes what the program does.</summary>
    public static TheoryData<string, string, string?> Keys { get; } = new()
    {
        { "Version", new string('x', 201), null },
        { "ServerAddress", "0.0.0.0:19982", "127.0.0.1:20001" },
        { "ServerCertFile", "cert.pem", null },
        { "ServerKeyFile", "key.pem", null },
        { "ReadTimeout", "0", "21" },
        { "WriteTimeout", "3601", "21" },
        { "StopTimeout", "-1", "11" },
        { "MaxHeaderBytes", "4095", "8192" },
        { "DatabaseFile", "agent.db", "/var/lib/other.db" },
        { "DBLogFile", "../db.log", "/var/log/other.log" },
        { "Deduplicate", "false", null },
        { "Compress", "gzip", "lz4" },
        { "Encrypt", "aes128", null },
        { "IndexPath", "/var/../index", "/var/lib/other" },
        { "DirectIO", "maybe", null },
        { "WorkersPerBlock", "65", "3" },
        { "BuffersPerBlock", "4", null },
        { "SaveIndexInterval", "0", null },
        { "SaveBlobInterval", "x", null },
        { "ConcurrentThreads", "33", "4" },
        { "SyncBufferSize", "29", "16" },
        { "EnableRetry", "2", "false" },
        { "RetryCount", "91", "11" },
        { "RetryInterval", "1.5", "60" },
        { "CheckDup", "false", null },
        { "AccessKey", "mine", null },
        { "SecretKey", "mine", null },
        { "Region", "eu-1", null },
        { "BucketName", "mine", null },
        { "StorageClass", "glacier", null },
        { "URL", "https://s3.example.com", null },
        { "UseTLS", "false", null },
        { "ClientCertFile", "cert", "/var/lib/c" },
        { "ClientKeyFile", "key", "/var/lib/k" },
        { "ClientUploadURL", "4", "60" },
        { "ClientTimeout", "3601", null },
        { "SendContentMd5", "always", null },
        { "DisableContentSha256", "false", null },
        { "LogPath", "logs", "/var/log/other" },
        { "LogFileName", "a/b.log", "other.log" },
        { "LogLevel", "loud", "warn" },
        { "LogFileMaxSize", "1025", "1" },
        { "LogFileMaxBackups", "0", "3" },
        { "LogMaxAge", "3651", "7" },
        { "LogCompress", "gzip", "false" },
        { "LogStdout", "1", "true" },
    };

    [Fact]
    public void The_document_the_package_and_the_program_know_the_same_keys_with_the_same_defaults()
    {
        var known = ConfigKeys.All.Select(k => $"{k.Section} {k.Name}").ToList();
        Documented().Select(d => $"{d.Section} {d.Name}").ShouldBe(known, ignoreOrder: true);
        ShippedKeys().ShouldBe(known, ignoreOrder: true);
        Keys.Select(k => k.Data.Item1).ShouldBe(ConfigKeys.All.Select(k => k.Name), ignoreOrder: true);
        foreach (var (section, name, text) in Documented().Where(d => d.Default is not ("release" or "as shipped" or "empty") && !d.Default.EndsWith('…')))
        {
            text.ShouldBe(ConfigKeys.Find(section, name)!.Default is { Length: > 0 } value ? value : "\"\"", name);
        }
    }

    [Fact]
    public async Task Each_wrong_value_keeps_the_agent_from_starting_and_is_told_by_file_line_section_and_key()
    {
        await using var agent = await RunningAgent.UnpackAsync();
        var file = Path.Combine(agent.Folder, "config.ini");
        var shipped = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        foreach (var (name, wrong, _) in Keys.Select(k => k.Data))
        {
            await File.WriteAllTextAsync(file, shipped, TestContext.Current.CancellationToken);
            agent.Configure(name, wrong);
            var line = 1 + Array.FindIndex(File.ReadAllLines(file), l => l.StartsWith(name + " =", StringComparison.Ordinal));
            var ran = Tool.Try(agent.Program, "run", "--home", agent.Home);
            ran.ExitCode.ShouldBe(78, $"{name} = {wrong}: {ran.Error}");
            var key = ConfigKeys.All.Single(k => k.Name == name);
            ran.Error.ShouldStartWith($"egisplus-agent: {file} line {line.ToString(CultureInfo.InvariantCulture)}: [{key.Section}] {name} ");
            ran.Error.ShouldContain("allowed: ");
            if (key.Name == "SecretKey") ran.Error.ShouldNotContain("mine");
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_key_that_acts_takes_another_value_to_the_program(string name, string wrong, string? other)
    {
        var key = ConfigKeys.All.Single(k => k.Name == name);
        key.Wrong(wrong is "4" && name == "BuffersPerBlock" ? "2" : wrong).ShouldNotBeNull();
        // Of these two both or none are taken, and the third is a bound of others.
        var isPaired = name is "ServerCertFile" or "ServerKeyFile" or "BuffersPerBlock";
        (other is not null || isPaired).ShouldBe(key.Use == KeyUse.Honoured);
        if (other is not null) Seen((key.Section, name, other)).ShouldNotBe(Seen((key.Section, name, key.Default)), name);
    }

    [Fact]
    public async Task What_a_running_agent_writes_lies_where_the_configuration_says()
    {
        await using var agent = await RunningAgent.UnpackAsync();
        agent.Add(LoopDisk.Random(agent.PathOf("disk"), 16 << 20, 4 << 20, seed: 31));
        foreach (var (name, value) in ((string, string)[])[("DatabaseFile", "/srv/state/a.db"), ("DBLogFile", "/srv/logs/d.log"), ("IndexPath", "/srv/index"), ("ClientCertFile", "/srv/c.pem"), ("ClientKeyFile", "/srv/k.pem"), ("LogPath", "/srv/logs"), ("LogFileName", "s.log"), ("LogLevel", "debug")]) agent.Configure(name, value);
        Directory.CreateDirectory(agent.PathOf("srv"));
        File.AppendAllText(Path.Combine(agent.Folder, "config.ini"), "Future = kept\n");
        agent.Enrol();
        agent.Start();
        await agent.ConnectedAsync();
        await using var pool = await Pool.InFolderAsync(agent.Home);
        await agent.PointAsync(pool, "one");
        foreach (var file in (string[])["srv/state/a.db", "srv/logs/d.log", "srv/logs/linux_agent.log", "srv/logs/s.log", "srv/c.pem", "srv/k.pem"]) File.Exists(agent.PathOf(file)).ShouldBeTrue(file);
        Directory.EnumerateFileSystemEntries(agent.PathOf("srv/index")).ShouldNotBeEmpty();
        Directory.Exists(agent.Logs).ShouldBeFalse();
        File.ReadAllText(agent.PathOf("srv/logs/linux_agent.log")).ShouldContain("[LOG] Future is unknown and does nothing; it is kept");
        agent.Stop();
        File.ReadAllText(Path.Combine(agent.Folder, "config.ini")).ShouldContain("Future = kept");
    }

    [Fact]
    public async Task The_control_port_speaks_tls_and_keeps_its_limits()
    {
        await using var agent = await RunningAgent.UnpackAsync();
        Tool.Run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=agent", "-keyout", agent.PathOf("key.pem"), "-out", agent.PathOf("cert.pem"));
        foreach (var (name, value) in ((string, string)[])[("ServerCertFile", "/cert.pem"), ("ServerKeyFile", "/key.pem"), ("MaxHeaderBytes", "4096"), ("ReadTimeout", "1")]) agent.Configure(name, value);
        agent.Start();
        await Waiting.UntilAsync("the control port", TimeSpan.FromSeconds(30), () => Task.FromResult(agent.Cli("check").ExitCode == 2));
        var port = Address().Match(File.ReadAllText(Path.Combine(agent.Folder, "config.ini"))).Groups["address"].Value;
        Tool.Try("curl", "-s", "-k", "-o", "/dev/null", "-w", "%{http_code}", $"https://{port}/v1/status").Output.ShouldBe("401");
        Tool.Try("curl", "-s", "-k", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X: " + new string('x', 5000), $"https://{port}/v1/status").Output.ShouldBe("431");
        Tool.Try("curl", "-s", "-m", "5", $"http://{port}/v1/status").ExitCode.ShouldNotBe(0);
        // A caller that says half of its request is not waited for.
        Tool.Try("timeout", "10", "sh", "-c", $"(printf 'GET / HTTP/1.1\\r\\n'; sleep 8) | openssl s_client -quiet -connect {port} 2>/dev/null").Output.ShouldContain("408");
    }

    /// <summary>All that the program reads of a configuration with one value changed.</summary>
    private static string Seen(params (string, string, string)[] given)
    {
        var config = AgentConfig.Create("config.ini", given, new AgentPaths(""), (_, _) => 1, _ => { });
        var values = typeof(AgentConfig).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => $"{p.Name}={p.GetValue(config)}");
        return string.Join('\n', [.. values, config.SyncOptions(1).ToString()]);
    }

    // | SECTION | Key, Key | default, default | range | what becomes of it |
    private static List<(string Section, string Name, string Default)> Documented()
    {
        var (found, section) = (new List<(string, string, string)>(), "");
        foreach (var row in File.ReadLines(Path.Combine(Tool.Root(), "docs", "agent-config.md")).SkipWhile(l => !l.StartsWith("|---", StringComparison.Ordinal)).Skip(1).TakeWhile(l => l.StartsWith('|')))
        {
            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            if (cells[1].Length > 0) section = cells[1];
            var (names, defaults) = (cells[2].Split(", "), cells[3].Split(", "));
            for (var i = 0; i < names.Length; i++) found.Add((section, names[i], defaults.Length == names.Length ? defaults[i] : defaults[0]));
        }

        return found;
    }

    private static List<string> ShippedKeys()
    {
        var (found, section) = (new List<string>(), "");
        foreach (var line in File.ReadLines(Path.Combine(Tool.Root(), "agents", "linux", "package", "config.ini")))
        {
            if (line.StartsWith('[')) section = line.Trim('[', ']');
            else if (line.Length > 0 && line[0] != '#') found.Add($"{section} {line.Split('=')[0].Trim()}");
        }

        return found;
    }

    [GeneratedRegex(@"^ServerAddress = (?<address>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Address();
}
