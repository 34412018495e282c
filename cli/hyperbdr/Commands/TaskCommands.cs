using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr tasks</c>.</summary>
internal static class TaskCommands
{
    private const string Tasks = "/api/v1/ant/tasks";
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    public static Command Create(Func<ParseResult, Session> open) => new("tasks", "Tasks")
    {
        List(open), One(open, "show", "Show a task and its steps"), Watch(open),
        One(open, "retry", "Let a failed or aborted task go on", "retry"), One(open, "abort", "Abort a working task", "abort"),
    };

    private static Command List(Func<ParseResult, Session> open)
    {
        var status = new Option<string?>("--status") { Description = "pending, working, done, failed or aborted" };
        var most = new Option<int>("--most") { Description = "Newest so many (1 to 500)", DefaultValueFactory = _ => 50 };
        var command = new Command("list", "List tasks, the newest first") { status, most };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var filter = parsed.GetValue(status) is { } s ? $"&status={Uri.EscapeDataString(s)}" : "";
            var answer = await session.Console.GetAsync($"{Tasks}?page_size={Math.Clamp(parsed.GetValue(most), 1, 500)}{filter}", ct);
            session.Report.Rows([.. Fields.List(answer, "items")], Column.Field("ID", "id"), Column.Field("TYPE", "type"), Column.Field("MODE", "mode"), Column.Field("SOURCE", "source_name"),
                Column.Field("STATUS", "status"), new Column("%", t => Fields.Text(t, "percent")), Column.Time("START (UTC)", "start_at"), Column.Field("REASON", "error_description"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command One(Func<ParseResult, Session> open, string name, string description, string? verb = null)
    {
        var task = new Argument<string>("task") { Description = "Id" };
        var command = new Command(name, description) { task };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var path = $"{Tasks}/{Uri.EscapeDataString(parsed.GetValue(task)!)}";
            Show(session, verb is null ? await session.Console.GetAsync(path, ct) : await session.Console.PostAsync($"{path}/{verb}", null, ct));
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Show(Session session, JsonNode task)
    {
        session.Report.One(task, Column.Field("TASK", "id"), Column.Field("TYPE", "type"), Column.Field("MODE", "mode"), Column.Field("SOURCE", "source_name"), Column.Field("STATUS", "status"),
            Column.Field("PERCENT", "percent"), Column.Field("REASON", "error_description"), Column.Field("CODE", "error_code"));
        if (session.Report.IsJson) return;
        session.Io.Out.WriteLine();
        session.Report.Rows([.. Fields.List(task, "steps")], Column.Field("STEP", "name"), Column.Field("STATUS", "status"), Column.Time("START (UTC)", "start_at"), Column.Field("MESSAGE", "message"));
    }

    private static Command Watch(Func<ParseResult, Session> open)
    {
        var task = new Argument<string>("task") { Description = "Id" };
        var command = new Command("watch", "Follow a task to its end: a live line on a terminal, a line per change in a pipe") { task };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            return await FollowAsync(session, $"{Tasks}/{Uri.EscapeDataString(parsed.GetValue(task)!)}", ct);
        });
        return command;
    }

    private static async Task<int> FollowAsync(Session session, string path, CancellationToken ct)
    {
        var (io, last, drawn) = (session.Io, "", 0);
        while (true)
        {
            var task = await session.Console.GetAsync(path, ct);
            var status = Fields.Text(task, "status");
            var ended = status is "done" or "failed" or "aborted";
            var line = session.Report.IsJson ? task.ToJsonString() : Report.Plain(LineOf(task, status));
            if (line != last)
            {
                if (session.Report.IsJson) Report.WriteDocument(io.Out, task, oneLine: true);
                else if (io.IsTerminal) io.Out.Write($"\r{line.PadRight(drawn)}");
                else io.Out.WriteLine(line);
                (last, drawn) = (line, line.Length);
                await io.Out.FlushAsync(ct);
            }

            if (ended)
            {
                if (io.IsTerminal && !session.Report.IsJson) io.Out.WriteLine();
                return status == "done" ? ExitCodes.Done : ExitCodes.TaskFailed;
            }

            await Task.Delay(Between, io.Time, ct);
        }
    }

    private static string LineOf(JsonNode task, string status)
    {
        var step = Fields.List(task, "steps").LastOrDefault(s => Fields.Text(s, "status") is not ("pending" or "skipped"));
        var reason = Fields.Text(task, "error_description");
        return reason.Length > 0 && status != "working" ? $"{status}: {reason}" : $"{Fields.Text(task, "percent"),3}% {status} {Fields.Text(step, "name")} {Fields.Text(step, "message")}".TrimEnd();
    }
}
