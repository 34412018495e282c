using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace HyperBdr.Demo.Guest;

/// <summary>What an operator types at the guest's second serial line; the first one only logs.</summary>
public sealed class GuestConsole : IDisposable
{
    /// <summary>A serial line's buffer drops what does not fit.</summary>
    private const int MaxCommandBytes = 3000;

    private readonly Socket socket;
    private readonly NetworkStream stream;
    private readonly StreamReader reader;
    private readonly SemaphoreSlim turn = new(1);
    private int last;

    private GuestConsole(Socket socket)
    {
        this.socket = socket;
        stream = new NetworkStream(socket, ownsSocket: true);
        reader = new StreamReader(stream, Encoding.ASCII);
    }

    internal static async Task<GuestConsole> ConnectAsync(string path, CancellationToken ct)
    {
        var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await line.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
        return new(line);
    }

    /// <summary>Runs a command as root.</summary>
    /// <returns>Its output and error output, without the last line's end.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public async Task<string> RunAsync(string command, CancellationToken ct)
    {
        var (code, output) = await TryRunAsync(command, ct);
        return code == 0 ? output : throw new InvalidOperationException($"In the guest, \"{command}\" ended with {code}: {output}");
    }

    public async Task<(int Code, string Output)> TryRunAsync(string command, CancellationToken ct)
    {
        var bytes = Encoding.UTF8.GetBytes(command + "\n");
        if (bytes.Length > MaxCommandBytes) throw new ArgumentException($"A command is at most {MaxCommandBytes} bytes.", nameof(command));
        await turn.WaitAsync(ct);
        try
        {
            var id = (++last).ToString(CultureInfo.InvariantCulture);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{id} {Convert.ToBase64String(bytes)}\n"), ct);
            while (true)
            {
                // Answers to earlier, given-up commands, and the shell's greeting, come before.
                if ((await LineAsync(ct)).Split(' ') is [var answered, var code, .. var output] && string.Equals(answered, id, StringComparison.Ordinal))
                    return (int.Parse(code, CultureInfo.InvariantCulture), Encoding.UTF8.GetString(Convert.FromBase64String(output.Length > 0 ? output[0] : "")).TrimEnd('\n'));
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        socket.Dispose();
        turn.Dispose();
    }

    /// <summary>Returns when the guest's side listens.</summary>
    internal async Task GreetingAsync(CancellationToken ct)
    {
        while (!(await LineAsync(ct)).Contains("PRODUCTION-CONSOLE", StringComparison.Ordinal)) ct.ThrowIfCancellationRequested();
    }

    private async Task<string> LineAsync(CancellationToken ct) =>
        await reader.ReadLineAsync(ct) ?? throw new EndOfStreamException("The guest's console is gone.");
}
