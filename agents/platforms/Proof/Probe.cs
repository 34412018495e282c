using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using HyperBdr.Platforms.Kvm;

namespace HyperBdr.Platforms.Proof;

/// <summary>One thing that a machine must show within a time limit. Tried again until it holds or the limit is over.</summary>
/// <param name="Name">For people, and in the evidence.</param>
/// <param name="Limit">Counted from the begin of the proof.</param>
public abstract record Probe(string Name, TimeSpan Limit)
{
    /// <summary>What of a page, a program's output or a line goes into the evidence at most.</summary>
    protected const int MaxEvidence = 4096;

    /// <summary>The stable word for its kind.</summary>
    public abstract string Kind { get; }

    internal abstract Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct);

    /// <summary>As much of a text as evidence holds, without what a log or a page could not show.</summary>
    protected static string Cut(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxEvidence));
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaxEvidence))) clean.Append(char.IsControl(c) && c is not ('\n' or '\t') ? ' ' : c);
        return clean.ToString().Trim();
    }
}

/// <summary>What one try showed.</summary>
internal sealed record Attempt(bool Holds, string Evidence);

/// <summary>The machine under proof. Serial text counts from its present boot on.</summary>
internal sealed record ProofTarget(IPlatform Platform, Guid Machine, long SerialFrom, TimeProvider Time);

/// <summary>The serial text of this boot holds a regular expression.</summary>
public sealed record SerialProbe(string Name, TimeSpan Limit, string Pattern) : Probe(Name, Limit)
{
    public override string Kind => "serial";

    internal override async Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct)
    {
        var serial = await target.Platform.ReadSerialAsync(target.Machine, target.SerialFrom, ct);
        var match = Patterns.Of(Pattern).Match(serial.Text);
        return match.Success ? new(true, Cut(match.Value)) : new(false, "the serial text has no such line; it ends: " + Cut(serial.Text[Math.Max(0, serial.Text.Length - 400)..]));
    }
}

/// <summary>The application shows the value that the recovery point must have: the group <c>value</c> of a regular expression over the serial text, or over a page of it.</summary>
/// <param name="Port">Null: the serial text; else the page at <paramref name="Path"/> of this port.</param>
public sealed record MarkerProbe(string Name, TimeSpan Limit, string Pattern, string Expected, int? Port = null, string Path = "/") : Probe(Name, Limit)
{
    public override string Kind => "marker";

    internal override async Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct)
    {
        var text = Port is { } port ? (await HttpPage.GetAsync(target, port, Path, ct)).Body : (await target.Platform.ReadSerialAsync(target.Machine, target.SerialFrom, ct)).Text;
        // The newest: an application may say how far it is more than once.
        var value = Patterns.Of(Pattern).Matches(text).LastOrDefault()?.Groups["value"];
        if (value is not { Success: true }) return new(false, "the application shows no marker");
        return string.Equals(value.Value, Expected, StringComparison.Ordinal) ? new(true, Cut(value.Value)) : new(false, $"the application shows '{Cut(value.Value)}', '{Cut(Expected)}' is expected");
    }
}

/// <summary>The agent inside of the guest answers.</summary>
public sealed record GuestAgentProbe(string Name, TimeSpan Limit) : Probe(Name, Limit)
{
    public override string Kind => "guest_agent";

    internal override async Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct) =>
        await target.Platform.PingGuestAsync(target.Machine, ct) ? new(true, "the guest agent answers") : new(false, "the guest agent does not answer");
}

/// <summary>A TCP port takes a connection.</summary>
public sealed record TcpProbe(string Name, TimeSpan Limit, int Port) : Probe(Name, Limit)
{
    public override string Kind => "tcp";

    internal override async Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct)
    {
        var reach = await target.Platform.ReachAsync(target.Machine, ct);
        try
        {
            await using var stream = await reach.ConnectAsync(Port, ct);
            return new(true, $"{reach.Address}:{Port} takes a connection");
        }
        catch (SocketException e)
        {
            return new(false, $"{reach.Address}:{Port}: {e.Message}");
        }
    }
}

/// <summary>A page answers with this status, and holds this text when one is told.</summary>
public sealed record HttpProbe(string Name, TimeSpan Limit, int Port, string Path = "/", int Status = 200, string? Contains = null) : Probe(Name, Limit)
{
    public override string Kind => "http";

    internal override async Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct)
    {
        var (status, body) = await HttpPage.GetAsync(target, Port, Path, ct);
        if (status != Status) return new(false, status == 0 ? body : $"answers {status}, {Status} is expected");
        return Contains is null || body.Contains(Contains, StringComparison.Ordinal) ? new(true, $"{status} " + Cut(body)) : new(false, $"{status} without '{Cut(Contains)}': " + Cut(body));
    }
}

/// <summary>A program beside the machine ends with 0. It runs where it reaches the machine and finds its address in <c>HYPERBDR_ADDRESS</c>.</summary>
public sealed record ScriptProbe(string Name, TimeSpan Limit, string Program, IReadOnlyList<string> Arguments) : Probe(Name, Limit)
{
    public override string Kind => "script";

    internal override async Task<Attempt> TryAsync(ProofTarget target, CancellationToken ct)
    {
        var reach = await target.Platform.ReachAsync(target.Machine, ct);
        var start = reach.Beside(Program, Arguments);
        start.Environment["HYPERBDR_ADDRESS"] = reach.Address;
        start.Environment["HYPERBDR_MACHINE"] = target.Machine.ToString();
        var (code, output) = await HostProgram.RunAsync(start, Limit, MaxEvidence, ct);
        return code == 0 ? new(true, Cut(output)) : new(false, $"ends with {code}: " + Cut(output));
    }
}

/// <summary>Regular expressions of operators: no expression takes longer than a second, whatever the guest says.</summary>
internal static class Patterns
{
    public static Regex Of(string pattern)
    {
        try
        {
            return new(pattern, RegexOptions.CultureInvariant | RegexOptions.Multiline, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException e)
        {
            throw new PlatformException(PlatformFault.InvalidRequest, pattern, "is no regular expression: " + e.Message, e);
        }
    }
}

/// <summary>Fetches the beginning of a page of the machine.</summary>
internal static class HttpPage
{
    private const int MaxBody = 64 * 1024;

    /// <returns>Status 0 with a reason when nobody answers.</returns>
    public static async Task<(int Status, string Body)> GetAsync(ProofTarget target, int port, string path, CancellationToken ct)
    {
        var reach = await target.Platform.ReachAsync(target.Machine, ct);
        using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectCallback = async (_, token) => await reach.ConnectAsync(port, token) };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder("http", reach.Address, port, path).Uri);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("HyperBdr", "1"));
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            await using var body = await answer.Content.ReadAsStreamAsync(ct);
            var bytes = new byte[MaxBody];
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
            return ((int)answer.StatusCode, Encoding.UTF8.GetString(bytes, 0, length));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return (0, $"{reach.Address}:{port}: {e.Message}");
        }
    }
}
