namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Processes of an AppHost that was killed, found by their records under <c>run/</c>.</summary>
internal static class Leftovers
{
    public const string Extension = ".pid";

    /// <summary>Ends what still runs and removes the records; returns the names.</summary>
    /// <remarks>The kernel told each to stop when the AppHost died, so most have ended or are about to.</remarks>
    public static async Task<IReadOnlyList<string>> EndAsync(Home home, TimeSpan limit, CancellationToken ct)
    {
        var alive = new List<(string Name, ProcessIdentity Identity)>();
        foreach (var record in Directory.EnumerateFiles(home.Run, "*" + Extension))
        {
            if (ProcessIdentity.Parse(await File.ReadAllTextAsync(record, ct)) is { IsAlive: true } identity)
                alive.Add((Path.GetFileNameWithoutExtension(record), identity));
            File.Delete(record);
        }

        foreach (var (name, identity) in alive) Libc.AskToEnd(identity.Id, name == "postgres" ? Signal.Interrupt : Signal.Terminate);
        if (!await GoneAsync(alive, limit, ct))
        {
            foreach (var (_, identity) in alive.Where(one => one.Identity.IsAlive)) Libc.Kill(-identity.Id, Signal.Kill);
            await GoneAsync(alive, TimeSpan.FromSeconds(5), ct);
        }
        return [.. alive.Select(one => one.Name)];
    }

    private static async Task<bool> GoneAsync(List<(string Name, ProcessIdentity Identity)> alive, TimeSpan limit, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (alive.Exists(one => one.Identity.IsAlive))
        {
            if (TimeProvider.System.GetElapsedTime(started) > limit) return false;
            await Task.Delay(50, ct);
        }
        return true;
    }
}
