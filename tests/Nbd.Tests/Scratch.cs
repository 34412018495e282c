using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;

namespace HyperBdr.Nbd.Tests;

/// <summary>A folder, servers on sockets in it, and real programs that are ended with it.</summary>
internal sealed class Scratch : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> owned = [];
    private readonly List<Process> running = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("nbd-").FullName;

    public List<Exception> Failures { get; } = [];

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>Serves a disk on a Unix socket.</summary>
    /// <returns>Its URI.</returns>
    public string Serve(IBlockSource source, IBlockTarget? target = null, NbdServerOptions? options = null, TimeProvider? time = null, string name = "disk")
    {
        var server = Own(new NbdServer([new(name, source, target)], (options ?? new()) with { ConnectionFailed = Failed }, time));
        var socket = Path($"{Guid.CreateVersion7():n}.sock");
        server.ListenUnix(socket);
        return $"nbd+unix:///{name}?socket={socket}";
    }

    public async Task<NbdClient> ConnectAsync(string uri, NbdClientOptions? options = null) => Own(await NbdClient.ConnectAsync(NbdUri.Parse(uri), options));

    public T Own<T>(T part)
        where T : IAsyncDisposable
    {
        owned.Add(part);
        return part;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output) = await TryRunAsync(program, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {code}\n{output}");
    }

    public static async Task<(int Code, string Output)> TryRunAsync(string program, params string[] arguments)
    {
        using var process = Begin(program, arguments);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        var text = new StringBuilder(output).Append(await error).ToString();
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, text);
    }

    /// <summary>Starts a program that runs until the scratch goes, or is killed.</summary>
    public Process Start(string program, params string[] arguments)
    {
        var process = Begin(program, arguments);
        running.Add(process);
        return process;
    }

    /// <summary>Starts a program that makes a socket, and returns when it answers.</summary>
    public async Task<Process> StartServerAsync(string socket, string program, params string[] arguments)
    {
        var process = Start(program, arguments);
        using var watch = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await ListensAsync(socket))
        {
            if (process.HasExited) throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
            await watch.WaitForNextTickAsync();
        }

        return process;
    }

    /// <summary>A socket file is there a moment before its server listens on it.</summary>
    private static async Task<bool> ListensAsync(string socket)
    {
        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await caller.ConnectAsync(new UnixDomainSocketEndPoint(socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = owned.Count - 1; i >= 0; i--) await owned[i].DisposeAsync();
        foreach (var process in running)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private void Failed(Exception why)
    {
        lock (Failures) Failures.Add(why);
    }

    private static Process Begin(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
