using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using HyperBdr.Contracts.Control;

namespace HyperBdr.Hmctl.Suites;

/// <summary>Containers of a compose project, over the <c>docker compose</c> command.</summary>
internal sealed class ComposeSuite(Io io, string file) : ISuite
{
    public async Task<SuiteStatus> StatusAsync(CancellationToken ct)
    {
        var (exitCode, output, error) = await RunAsync(["ps", "--all", "--format", "json"], to: null, ct);
        if (exitCode != 0) throw new CommandFailedException(ExitCodes.NoState, $"docker compose cannot tell the state: {LastLine(error)}");
        var services = Parse(output).Select(Status).OrderBy(one => one.Name, StringComparer.Ordinal).ToList();
        if (services.Count == 0) throw new CommandFailedException(ExitCodes.NoState, $"No container of {file} exists: start the suite with hmctl start.");

        var healthy = services.TrueForAll(one => one.State is ServiceState.Healthy or ServiceState.Up || one is { State: ServiceState.Exited, ExitCode: 0 });
        var console = services.Find(one => one.Name == "gateway")?.Ports is [var port, ..] ? $"https://localhost:{port}" : "";
        return new(Path.GetDirectoryName(file)!, healthy, console, services.Min(one => one.StartedAt) ?? DateTimeOffset.UnixEpoch, services);
    }

    public async Task OrderAsync(Order order, string? service, CancellationToken ct)
    {
        if (service is not null) await RequireAsync(service, ct);
        string[] one = service is null ? [] : [service];
        string[] arguments = order switch
        {
            Order.Start => ["up", "-d", .. one],
            Order.Stop => ["stop", .. one],
            Order.Restart => ["restart", .. one],
            Order.Reload => ["up", "-d", "--force-recreate", .. one],
            _ => ["down"],
        };
        var (exitCode, _, error) = await RunAsync(arguments, to: null, ct);
        if (exitCode != 0) throw new CommandFailedException(ExitCodes.NotUp, $"docker compose {string.Join(' ', arguments)} failed: {LastLine(error)}");
    }

    public async Task LogsAsync(string service, int tail, bool follow, Stream to, CancellationToken ct)
    {
        await RequireAsync(service, ct);
        string[] arguments = ["logs", "--no-log-prefix", "--tail", $"{tail}", .. follow ? ["--follow"] : Array.Empty<string>(), service];
        var (exitCode, _, error) = await RunAsync(arguments, to, ct);
        if (exitCode != 0) throw new CommandFailedException(ExitCodes.NotUp, $"docker compose cannot read the log of {service}: {LastLine(error)}");
    }

    private async Task RequireAsync(string service, CancellationToken ct)
    {
        var (exitCode, output, error) = await RunAsync(["config", "--services"], to: null, ct);
        if (exitCode != 0) throw new CommandFailedException(ExitCodes.NoState, $"docker compose cannot read {file}: {LastLine(error)}");
        var names = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (!names.Contains(service))
            throw new CommandFailedException(ExitCodes.Usage, $"No service {service}; there are: {string.Join(", ", names.Order(StringComparer.Ordinal))}");
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments, Stream? to, CancellationToken ct)
    {
        var docker = io.SearchPath.Split(':').Select(folder => Path.Combine(folder, "docker")).FirstOrDefault(File.Exists)
            ?? throw new CommandFailedException(ExitCodes.NoState, "The docker command is missing: install Docker with its compose plugin, or start the suite with ./run.");
        var info = new ProcessStartInfo(docker, ["compose", "-f", file, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(info) ?? throw new CommandFailedException(ExitCodes.NoState, $"{docker} did not start: try it by hand.");
        var error = process.StandardError.ReadToEndAsync(ct);
        var output = "";
        if (to is null) output = await process.StandardOutput.ReadToEndAsync(ct);
        else await process.StandardOutput.BaseStream.CopyToAsync(to, ct);
        await process.WaitForExitAsync(ct);
        return (process.ExitCode, output, await error);
    }

    /// <summary>One object per line (Compose 2.21 and later), or one array (earlier).</summary>
    private static List<Row> Parse(string output)
    {
        try
        {
            return output.TrimStart().StartsWith('[')
                ? JsonSerializer.Deserialize<List<Row>>(output) ?? []
                : [.. output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Row>(line)!)];
        }
        catch (JsonException e)
        {
            throw new CommandFailedException($"docker compose ps does not answer in JSON ({e.Message}): Docker Compose 2 is needed.", e);
        }
    }

    private static ServiceStatus Status(Row row)
    {
        var state = (row.State, row.Health) switch
        {
            ("running", "healthy") => ServiceState.Healthy,
            ("running", "starting") => ServiceState.Starting,
            ("running", "unhealthy") => ServiceState.Unhealthy,
            ("running", _) => ServiceState.Up,
            ("restarting", _) => ServiceState.Restarting,
            ("created", _) => ServiceState.Waiting,
            _ => ServiceState.Exited,
        };
        var ports = row.Publishers?.Where(one => one.PublishedPort > 0).Select(one => one.PublishedPort).Distinct().ToList() ?? [];
        return new(row.Service, row.Command.Trim('"'), state, state is ServiceState.Exited ? row.ExitCode : null, null, null, 0, ports, 0, 0, null);
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "it says nothing";

    private sealed record Row(
        [property: JsonPropertyName("Service")] string Service, [property: JsonPropertyName("Command")] string Command,
        [property: JsonPropertyName("State")] string State, [property: JsonPropertyName("Health")] string? Health,
        [property: JsonPropertyName("ExitCode")] int ExitCode, [property: JsonPropertyName("Publishers")] IReadOnlyList<Publisher>? Publishers);

    private sealed record Publisher([property: JsonPropertyName("PublishedPort")] int PublishedPort);
}
