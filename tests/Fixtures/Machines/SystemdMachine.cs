using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Fixtures;

/// <summary>A machine that systemd runs, in namespaces of its own (systemd-machine.sh): with this machine's programs, nothing of its state, and no network but to what is lent.</summary>
public sealed partial class SystemdMachine : IAsyncDisposable
{
    private const int NetworkNamespace = 0x40000000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process first;
    private readonly List<Socket> lent = [];
    private readonly string root;
    private string init = "";

    private SystemdMachine(Process first, string root) => (this.first, this.root) = (first, root);

    /// <summary>The same path inside and outside.</summary>
    public string Shared { get; } = Directory.CreateTempSubdirectory("hyperbdr-shared-").FullName;

    /// <param name="devices">Block devices that it has too.</param>
    public static async Task<SystemdMachine> StartAsync(params string[] devices)
    {
        var folder = Directory.CreateTempSubdirectory("hyperbdr-machine-").FullName;
        var start = new ProcessStartInfo(Script()) { RedirectStandardInput = true, UseShellExecute = false };
        var machine = new SystemdMachine(new Process { StartInfo = start }, folder);
        foreach (var argument in (string[])[folder, machine.Shared, .. devices]) start.ArgumentList.Add(argument);
        machine.first.Start();
        machine.first.StandardInput.Close();
        try
        {
            await Waiting.UntilAsync("systemd", Patience, async () => (await machine.RunAsync("systemctl", "is-system-running")).Output.Trim() is "running");
            return machine;
        }
        catch (TimeoutException)
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    public string At(string name) => Path.Combine(Shared, name);

    /// <summary>Runs a program inside to its end; both of its outputs are one.</summary>
    public Task<(int Code, string Output)> RunAsync(params string[] command) => PipeAsync("", command);

    /// <summary>The same, with an input.</summary>
    public async Task<(int Code, string Output)> PipeAsync(string input, params string[] command)
    {
        if (Init() is not { } process) return (-1, "");
        using var program = Process.Start(new ProcessStartInfo("nsenter", ["-t", process, "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w", .. command]) { UseShellExecute = false, RedirectStandardInput = input.Length > 0, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (program.StandardOutput.ReadToEndAsync(), program.StandardError.ReadToEndAsync());
        if (input.Length > 0)
        {
            await program.StandardInput.WriteAsync(input);
            program.StandardInput.Close();
        }

        await program.WaitForExitAsync();
        return (program.ExitCode, await output + await errors);
    }

    /// <summary>Runs what must succeed.</summary>
    public async Task<string> MustAsync(params string[] command)
    {
        var (code, output) = await RunAsync(command);
        return code == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}: {output}");
    }

    /// <summary>One property of a unit.</summary>
    public async Task<string> UnitAsync(string unit, string property) => (await MustAsync("systemctl", "show", unit, "--property", property, "--value")).Trim();

    /// <summary>Lends a port of this machine's loopback to the one inside.</summary>
    public void Lend(int port)
    {
        var listener = default(Socket);
        // Only a socket's making belongs to a namespace; a thread that went there is not used again.
        var inside = new Thread(() => listener = Listen(Init()!, port));
        inside.Start();
        inside.Join();
        lent.Add(listener ?? throw new IOException($"Port {port} cannot be lent."));
        _ = AcceptAsync(listener, port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in lent) socket.Dispose();
        if (Init() is { } process) Process.Start("kill", ["-KILL", process]).WaitForExit();
        first.Kill();
        await first.WaitForExitAsync();
        first.Dispose();
        foreach (var folder in await File.ReadAllLinesAsync(root + ".groups")) await RemoveGroupAsync(folder);
        File.Delete(root + ".groups");
        Directory.Delete(root);
        Directory.Delete(Shared, recursive: true);
    }

    // What was killed leaves its group a moment later.
    private static Task RemoveGroupAsync(string folder) => Waiting.UntilAsync($"an empty {folder}", Patience, async () =>
    {
        using var remove = Process.Start("find", [folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
        await remove.WaitForExitAsync();
        return !Directory.Exists(folder);
    });

    // unshare's only child.
    private string? Init()
    {
        if (init.Length > 0) return init;
        var children = $"/proc/{first.Id}/task/{first.Id}/children";
        if (!File.Exists(children)) return null;
        var child = File.ReadAllText(children).Trim();
        if (child.Length == 0 || !File.Exists($"/proc/{child}/comm") || File.ReadAllText($"/proc/{child}/comm").Trim() != "systemd") return null;
        return init = child;
    }

    private static Socket? Listen(string process, int port)
    {
        using SafeFileHandle there = File.OpenHandle($"/proc/{process}/ns/net");
        if (SetNamespace((int)there.DangerousGetHandle(), NetworkNamespace) != 0) return null;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen();
        return socket;
    }

    private static async Task AcceptAsync(Socket listener, int port)
    {
        try
        {
            while (true) _ = RelayAsync(await listener.AcceptAsync(), port);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The machine ends.
        }
    }

    private static async Task RelayAsync(Socket caller, int port)
    {
        using var called = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await called.ConnectAsync(IPAddress.Loopback, port);
            await using var one = new NetworkStream(caller, ownsSocket: true);
            await using var other = new NetworkStream(called);
            await Task.WhenAny(one.CopyToAsync(other), other.CopyToAsync(one));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One side has gone, and the other goes with it.
            caller.Dispose();
        }
    }

    private static string Script([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "systemd-machine.sh");

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);
}
