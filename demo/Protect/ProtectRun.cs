namespace HyperBdr.Demo.Protect;

/// <summary>One run of the demonstration from an empty folder to its end.</summary>
internal static class ProtectRun
{
    /// <returns>0: every restored disk is what the ledger says. 1: one is not, or a step failed; the log says which.</returns>
    public static async Task<int> RunAsync(DemoOptions options, TextWriter screen, TimeProvider time, CancellationToken ct)
    {
        try
        {
            await options.BeginAsync(ct);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            await screen.WriteLineAsync(e.Message);
            return 1;
        }

        await using var steps = new Steps(options.Log, screen, time);
        try
        {
            var holds = await new ProtectDemo(options, steps, time).RunAsync(ct);
            steps.Line(holds ? $"Every point restores to what the ledger says. Log: {options.Log}" : $"NOT every point restores to what the ledger says. Log: {options.Log}");
            if (holds) options.Clear();
            return holds ? 0 : 1;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            steps.Line($"Ended early. Log: {options.Log}");
            return 1;
        }
        catch (Exception e)
        {
            // The edge of the program: the step has said what failed.
            steps.Note(e.ToString());
            steps.Line($"{e.Message} Log: {options.Log}");
            return 1;
        }
    }
}
