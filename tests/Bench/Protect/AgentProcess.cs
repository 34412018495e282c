using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using HyperBdr.Agents.Tests;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures;

namespace HyperBdr.Bench.Protect;

/// <summary>The native agent of the package as a process, with a console that this process holds: its CPU is not the agent's.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly StandingConsole console;
    private readonly Process process;
    private readonly string home;

    private AgentProcess(StandingConsole console, Process process, string home) => (this.console, this.process, this.home) = (console, process, home);

    public int ProcessId => process.Id;

    public double CpuSeconds() => Processes.CpuSeconds(ProcessId);

    public static async Task<AgentProcess> StartAsync(string root, string home, string device, TestAuthority authority)
    {
        var folder = Path.Combine(home, "var/lib/egisplus-agent");
        Directory.CreateDirectory(folder);
        Processes.Run("tar", "-xzf", Path.Combine(root, ".build/softwares/linux/egisplus-agent.tar.gz"), "-C", folder);
        var program = Path.Combine(folder, "egisplus-agent");
        var config = Path.Combine(folder, "config.ini");
        var control = StandingConsole.FreePort().ToString(CultureInfo.InvariantCulture);
        await File.WriteAllLinesAsync(config, (await File.ReadAllLinesAsync(config)).Select(l => l.StartsWith("ServerAddress =", StringComparison.Ordinal) ? $"ServerAddress = 127.0.0.1:{control}" : l));
        var standing = await StandingConsole.StartAsync(StandingConsole.FreePort());
        await File.WriteAllTextAsync(Path.Combine(home, "authority.pem"), standing.Authority.Pem);
        Processes.Run(program, "enroll", "--home", home, "--devices", device, "--console", standing.Address, "--token", "good", "--authority", Path.Combine(home, "authority.pem"));
        var started = Process.Start(new ProcessStartInfo(program, ["run", "--home", home, "--devices", device]) { UseShellExecute = false })!;
        var agent = new AgentProcess(standing, started, home);
        await Waiting.UntilAsync("a heartbeat", Patience, () => Task.FromResult(!standing.Heartbeats.IsEmpty));
        return agent;
    }

    /// <summary>One sync to its end; it must make a point.</summary>
    /// <param name="secret">What the console lends.</param>
    public async Task<SyncResult> SyncAsync(SessionSecret secret)
    {
        var id = secret.SessionId;
        var request = console.Enrolments.First().CertificateRequest.ToByteArray();
        var reader = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo();
        var order = new StartSync
        {
            TaskId = id,
            HostId = "bench",
            Mode = secret.ParentPointId.Length == 0 ? "full" : "incremental",
            SealedSession = ByteString.CopyFrom(SealedToMachine.Seal(reader, $"session/{id}", secret.ToByteArray())),
        };
        await console.SendAsync(new Command { Id = id, StartSync = order });
        var result = await Waiting.UntilAsync($"the result of {id}", Patience, () => Task.FromResult(console.KeptResults.GetValueOrDefault(id)));
        return result.Ok ? result.Sync : throw new InvalidOperationException($"{result.Code}: {result.Message}");
    }

    public async ValueTask DisposeAsync()
    {
        Processes.Run("kill", ProcessId.ToString(CultureInfo.InvariantCulture));
        await process.WaitForExitAsync();
        process.Dispose();
        await console.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }
}
