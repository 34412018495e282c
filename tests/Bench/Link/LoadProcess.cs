using System.Diagnostics;
using System.Text.Json.Nodes;

namespace HyperBdr.Bench.Link;

/// <summary>The process of the simulated agents, apart so that its CPU is counted apart.</summary>
internal sealed class LoadProcess : IAsyncDisposable
{
    private readonly Process process;

    private LoadProcess(Process process) => this.process = process;

    public double CpuSeconds => ProcessTimes.Of(process.Id);

    public static LoadProcess Start(string folder, Uri console, string authorityFile)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(LoadProcess).Assembly.Location, "link-load", folder, $"127.0.0.1:{console.Port}", authorityFile])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        // What it does costs here what it costs on 2,000 machines: nothing that is not work.
        start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new LoadProcess(Process.Start(start)!);
    }

    public async Task<JsonNode> AskAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
        return JsonNode.Parse(await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The agents' process has ended."))!;
    }

    public Task<JsonNode> StateAsync(DateTimeOffset since) => AskAsync($"state {since.ToUnixTimeMilliseconds()}");

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
