using HyperBdr.Fixtures.Suite;

namespace HyperBdr.Bench;

/// <summary>Resident memory of each process half a minute after the start, nobody calling.</summary>
internal static class IdleMemory
{
    private const double MiB = 1024 * 1024;

    public static async Task PrintAsync(RunningSuite suite)
    {
        await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var status = await suite.StatusAsync() ?? throw new InvalidOperationException("The suite does not answer.");
        var rows = status.RootElement.GetProperty("services").EnumerateArray()
            .Select(s => (Name: s.GetProperty("name").GetString(), Bytes: s.GetProperty("memory_bytes").GetInt64()))
            .Where(s => s.Bytes > 0).ToList();
        foreach (var (name, bytes) in rows) Console.WriteLine($"idle memory of {name}: {bytes / MiB:0} MiB");
        Console.WriteLine($"idle memory together: {rows.Sum(r => r.Bytes) / MiB:0} MiB");
    }
}
