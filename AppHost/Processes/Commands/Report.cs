using System.Text;
using HyperBdr.AppHost.Processes.Logs;
using HyperBdr.AppHost.Processes.Supervision;
using HyperBdr.Contracts.Control;
using Spectre.Console;

namespace HyperBdr.AppHost.Processes.Commands;

/// <summary>Shows what goes on: a live table on a terminal, a line per change in a pipe.</summary>
internal static class Report
{
    public static async Task RunAsync(Suite suite, TextWriter output, bool isTerminal, CancellationToken ct)
    {
        try
        {
            // The history of states, for later questions, whatever is shown now.
            await using var log = new RotatingLog(Path.Combine(suite.Home.Logs, "suite", "suite.log"));
            var history = LinesAsync(suite, line => log.Write(Encoding.UTF8.GetBytes($"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {line}\n")), ct);
            await Task.WhenAll(history, isTerminal ? TableAsync(suite, ct) : LinesAsync(suite, output.WriteLine, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The suite stops.
        }
    }

    private static async Task LinesAsync(Suite suite, Action<string> write, CancellationToken ct)
    {
        var shown = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            await suite.Board.UntilAsync(() => suite.Order.Any(one => shown.GetValueOrDefault(one.Runnable.Name) != Line(one)), ct);
            foreach (var one in suite.Order)
            {
                var line = Line(one);
                if (shown.GetValueOrDefault(one.Runnable.Name) == line) continue;
                shown[one.Runnable.Name] = line;
                write(line);
            }
        }
    }

    /// <summary>Live until everything is healthy; after that a change of state is a line below the table.</summary>
    private static async Task TableAsync(Suite suite, CancellationToken ct)
    {
        await AnsiConsole.Live(Table(suite)).StartAsync(async live =>
        {
            while (!suite.IsHealthy)
            {
                var before = Text(suite);
                await suite.Board.UntilAsync(() => Text(suite) != before, ct);
                live.UpdateTarget(Table(suite));
            }
        });
        var console = Console.Out;
        var shown = suite.Order.ToDictionary(one => one.Runnable.Name, one => one.State);
        while (true)
        {
            await suite.Board.UntilAsync(() => suite.Order.Any(one => shown[one.Runnable.Name] != one.State), ct);
            foreach (var one in suite.Order.Where(one => shown[one.Runnable.Name] != one.State))
            {
                shown[one.Runnable.Name] = one.State;
                await console.WriteLineAsync(Line(one));
            }
        }
    }

    private static Table Table(Suite suite)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Name", "State", "Ports", "Problem");
        foreach (var one in suite.Order)
        {
            var color = one.IsReady ? "green" : one.State is ServiceState.Waiting or ServiceState.Starting ? "yellow" : "red";
            table.AddRow(Markup.Escape(one.Runnable.Name), $"[{color}]{Markup.Escape(State(one))}[/]", string.Join(", ", one.Runnable.Ports), Markup.Escape(one.Problem ?? ""));
        }
        return table;
    }

    private static string Text(Suite suite) => string.Join('\n', suite.Order.Select(Line));

    private static string Line(Supervised one) =>
        $"{one.Runnable.Name,-12} {State(one)}{(one.Problem is null || one.State is ServiceState.Starting ? "" : $" ({one.Problem})")}";

    private static string State(Supervised one) =>
        new ServiceStatus(one.Runnable.Name, "", one.State, one.ExitCode, one.ProcessId, one.StartedAt, one.Restarts, one.Runnable.Ports, 0, 0, one.Problem).Text;
}
