using System.Globalization;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Commands;

/// <summary>What must hold before anything is started.</summary>
internal static class Preflight
{
    public const long LeastFreeBytes = 1L << 30;

    public static void RequireSpace(Home home, Func<string, long> freeBytes)
    {
        var free = freeBytes(home.Root);
        if (free < LeastFreeBytes)
            throw new StartProblemException($"Only {free >> 20} MiB are free under {home.Root}, at least 1024 MiB are needed: free some space, or name another folder in HYPERBDR_HOME.");
    }

    public static void RequirePorts(IEnumerable<IRunnable> runnables)
    {
        var all = runnables.SelectMany(one => one.Ports.Select(port => (one.Name, Port: port))).ToList();
        foreach (var twice in all.GroupBy(one => one.Port).Where(group => group.Count() > 1))
            throw new StartProblemException($"Port {twice.Key} is given to {string.Join(" and ", twice.Select(one => one.Name))}: move one with PORTS__<NAME>.");
        foreach (var (name, port) in all)
        {
            if (port is < 1 or > 65535) throw new StartProblemException($"Port {port} of {name} is not a port (1 to 65535): look at PORTS__OFFSET and at the PORTS__<NAME> of it.");
            if (Listener.On(port) is { } listener)
                throw new StartProblemException($"Port {port} of {name} is in use by {listener}: stop that, or move the suite's ports with PORTS__OFFSET=1000 (or single ones: docs/runbooks/start-and-stop.md names them).");
        }
    }

    public static long FreeBytes(string folder) => new DriveInfo(folder).AvailableFreeSpace;
}

/// <summary>Who listens on a TCP port, from <c>/proc/net/tcp</c>.</summary>
internal static class Listener
{
    private const string Listening = "0A";

    /// <returns>E.g. "redis-server (pid 123)"; null when nobody listens.</returns>
    public static string? On(int port)
    {
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (!File.Exists(table)) continue;
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                //   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 …
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields[3] != Listening) continue;
                if (int.Parse(fields[1][(fields[1].LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) == port) return Owner(fields[9]);
            }
        }
        return null;
    }

    private static string Owner(string inode)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var id)) continue;
            try
            {
                if (Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(fd => new FileInfo(fd).LinkTarget == $"socket:[{inode}]"))
                    return $"{File.ReadAllText(Path.Combine(process, "comm")).Trim()} (pid {id})";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's process, or one that ended meanwhile.
            }
        }
        return "another process";
    }
}
