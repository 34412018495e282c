using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using HyperBdr.Agents.Tests;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>The native agent as a process, below a prefix, at a console that the test holds.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly List<IDisposable> disks = [];
    private readonly int controlPort = StandingConsole.FreePort();
    private Process? process;

    private RunningAgent(StandingConsole console) => Console = console;

    public StandingConsole Console { get; }

    public string Home { get; } = Directory.CreateTempSubdirectory("hyperbdr-agent-").FullName;

    public string Folder => Path.Combine(Home, "var/lib/egisplus-agent");

    public string Logs => Path.Combine(Home, "var/log/egisplus-agent");

    public string Program => Path.Combine(Folder, "egisplus-agent");

    public List<string> Devices { get; } = [];

    public int ProcessId => process!.Id;

    /// <summary>Unpacks the package as the installer does.</summary>
    public static async Task<RunningAgent> UnpackAsync()
    {
        var agent = new RunningAgent(await StandingConsole.StartAsync(StandingConsole.FreePort()));
        Directory.CreateDirectory(agent.Folder);
        Tool.Run("tar", "-xzf", Path.Combine(Tool.Package, "egisplus-agent.tar.gz"), "-C", agent.Folder);
        File.CreateSymbolicLink(Path.Combine(agent.Home, "egisplus-cli"), agent.Program);
        agent.Configure("ServerAddress", $"127.0.0.1:{agent.controlPort.ToString(CultureInfo.InvariantCulture)}");
        agent.Configure("RetryCount", "2");
        agent.Configure("RetryInterval", "1");
        return agent;
    }

    /// <summary>Unpacked, enrolled and started with these disks.</summary>
    public static async Task<RunningAgent> StartAsync(Func<RunningAgent, LoopDisk> disk)
    {
        var agent = await UnpackAsync();
        agent.Add(disk(agent));
        agent.Enrol();
        agent.Start();
        await agent.ConnectedAsync();
        return agent;
    }

    public string PathOf(string name) => Path.Combine(Home, name);

    public void Add(LoopDisk disk)
    {
        disks.Add(disk);
        Devices.Add(disk.Device);
    }

    public void Configure(string key, string value)
    {
        var file = Path.Combine(Folder, "config.ini");
        File.WriteAllLines(file, File.ReadAllLines(file).Select(l => l.StartsWith(key + " =", StringComparison.Ordinal) ? $"{key} = {value}" : l));
    }

    public void Enrol()
    {
        File.WriteAllText(PathOf("authority.pem"), Console.Authority.Pem);
        Tool.Run(Program, "enroll", "--home", Home, "--devices", string.Join(',', Devices), "--console", Console.Address, "--token", "good", "--authority", PathOf("authority.pem"));
    }

    public Ran Cli(params string[] arguments) => Tool.Try(PathOf("egisplus-cli"), ["agent", .. arguments, "--home", Home]);

    public void Start() => process = Process.Start(new ProcessStartInfo(Program, ["run", "--home", Home, "--devices", string.Join(',', Devices)]) { UseShellExecute = false })!;

    /// <summary>SIGKILL: nothing of the agent runs any more when this returns.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGTERM, and its end.</summary>
    public int Stop()
    {
        Tool.Run("kill", process!.Id.ToString(CultureInfo.InvariantCulture));
        process.WaitForExit(Patience).ShouldBeTrue();
        return process.ExitCode;
    }

    public Task ConnectedAsync() => Waiting.UntilAsync("a heartbeat", Patience, () => Task.FromResult(!Console.Heartbeats.IsEmpty));

    /// <summary>What the console hands out for a task, sealed to this machine.</summary>
    public ByteString Sealed(Pool pool, string taskId, string parent = "") => Sealed(Console, pool, taskId, parent);

    public static ByteString Sealed(StandingConsole console, Pool pool, string taskId, string parent)
    {
        var request = console.Enrolments.First().CertificateRequest.ToByteArray();
        var reader = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo();
        return ByteString.CopyFrom(SealedToMachine.Seal(reader, $"session/{taskId}", pool.Secret("session-" + taskId, parent).ToByteArray()));
    }

    /// <summary>Sends StartSync.</summary>
    public async Task BeginAsync(Pool pool, string id, string parent = "", Action<StartSync>? with = null)
    {
        var order = new StartSync
        {
            TaskId = id,
            HostId = "host-1",
            Mode = parent.Length == 0 ? "full" : "incremental",
            SealedSession = Sealed(pool, id, parent),
        };
        with?.Invoke(order);
        await Console.SendAsync(new Command { Id = id, StartSync = order });
    }

    public Task<CommandResult> ResultAsync(string id) => Waiting.UntilAsync($"result of {id}", Patience, () => Task.FromResult(Console.KeptResults.GetValueOrDefault(id)));

    public async Task<CommandResult> SyncAsync(Pool pool, string id, string parent = "", Action<StartSync>? with = null)
    {
        await BeginAsync(pool, id, parent, with);
        return await ResultAsync(id);
    }

    /// <summary>A sync that must make a point.</summary>
    public async Task<SyncResult> PointAsync(Pool pool, string id, string parent = "", Action<StartSync>? with = null)
    {
        var result = await SyncAsync(pool, id, parent, with);
        result.Ok.ShouldBeTrue($"{result.Code}: {result.Message}");
        return result.Sync;
    }

    /// <summary>A sync that must fail.</summary>
    public async Task<CommandResult> FailedAsync(Pool pool, string id, string code, Action<StartSync>? with = null)
    {
        var result = await SyncAsync(pool, id, "", with);
        result.Ok.ShouldBeFalse();
        result.Code.ShouldBe(code, result.Message);
        return result;
    }

    /// <summary>SHA-256 of its only disk.</summary>
    public string DiskHash()
    {
        using var device = File.OpenRead(Devices.Single());
        return Convert.ToHexString(SHA256.HashData(device));
    }

    /// <summary>Writes random bytes to its only disk.</summary>
    public void Change(long offset, int length)
    {
        var bytes = new byte[length];
        new Random((int)offset + 99).NextBytes(bytes);
        using var device = File.OpenHandle(Devices.Single(), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, FileOptions.WriteThrough);
        RandomAccess.Write(device, bytes, offset);
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) Kill();
        process?.Dispose();
        await Console.DisposeAsync();
        foreach (var disk in disks) disk.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
