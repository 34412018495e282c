using System.Globalization;
using HyperBdr.Contracts.Control;

namespace HyperBdr.Bench.Link;

/// <summary>CPU seconds and resident memory of the suite's processes, each with all that it started; from /proc.</summary>
internal sealed class ProcessTimes
{
    private const double TicksPerSecond = 100;
    private const int Parent = 1, User = 11, ChildrenSystem = 14;
    private readonly Dictionary<string, double> seconds;

    private ProcessTimes(Dictionary<string, double> seconds) => this.seconds = seconds;

    public static async Task<ProcessTimes> NowAsync(ControlClient control)
    {
        var status = await control.StatusAsync(CancellationToken.None) ?? throw new InvalidOperationException("The suite does not answer.");
        var all = Stats();
        return new ProcessTimes(status.Services.Where(s => s.ProcessId is not null).ToDictionary(s => s.Name, s => Tree(all, s.ProcessId!.Value), StringComparer.Ordinal));
    }

    public static double Of(int process) => Tree(Stats(), process);

    public static async Task<long> ResidentAsync(ControlClient control, string service)
    {
        var status = await control.StatusAsync(CancellationToken.None) ?? throw new InvalidOperationException("The suite does not answer.");
        return status.Services.Single(s => s.Name == service).MemoryBytes;
    }

    public double Since(ProcessTimes earlier, string service) => seconds[service] - earlier.seconds[service];

    // Ended children (a database's closed connections) are in the parent's own account.
    private static double Tree(Dictionary<int, string[]> all, int root)
    {
        var sum = all.TryGetValue(root, out var own) ? Enumerable.Range(User, ChildrenSystem - User + 1).Sum(i => double.Parse(own[i], CultureInfo.InvariantCulture)) / TicksPerSecond : 0;
        return sum + all.Where(p => int.Parse(p.Value[Parent], CultureInfo.InvariantCulture) == root).Sum(p => Tree(all, p.Key));
    }

    // The fields after the program's name, which may hold anything.
    private static Dictionary<int, string[]> Stats()
    {
        var found = new Dictionary<int, string[]>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) continue;
            try
            {
                var text = File.ReadAllText(Path.Combine(folder, "stat"));
                found[id] = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            }
            catch (IOException)
            {
                // Ended meanwhile.
            }
        }

        return found;
    }
}
