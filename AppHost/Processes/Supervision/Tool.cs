namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Runs a short program to its end (initdb, psql, rabbitmqctl, useradd, apt-get).</summary>
internal static class Tool
{
    public sealed record Result(int ExitCode, string Output, string Error)
    {
        /// <summary>Last line that says something, for a one-line problem.</summary>
        public string LastLine => (Error + "\n" + Output).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? $"exit {ExitCode}";
    }

    public static async Task<Result> RunAsync(Launch launch, string? input, TimeSpan limit, CancellationToken ct)
    {
        using var process = await Spawner.StartAsync(launch, input);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return new Result(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            Libc.Kill(-process.Id, Signal.Kill);
            if (ct.IsCancellationRequested) throw;
            return new Result(124, "", $"{launch.File} did not end within {limit.TotalSeconds:0} s");
        }
    }
}
