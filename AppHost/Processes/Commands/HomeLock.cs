namespace HyperBdr.AppHost.Processes.Commands;

/// <summary>One AppHost per home: held while it runs, and freed by the kernel however it ends.</summary>
internal sealed class HomeLock : IDisposable
{
    private readonly FileStream _file;

    private HomeLock(FileStream file) => _file = file;

    public static HomeLock Take(Home home)
    {
        var path = Path.Combine(home.Run, "apphost.lock");
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            File.WriteAllText(path + ".holder", $"{Environment.ProcessId}\n");
            return new HomeLock(file);
        }
        catch (IOException e)
        {
            var holder = File.Exists(path + ".holder") ? $" (pid {File.ReadAllText(path + ".holder").Trim()})" : "";
            throw new StartProblemException($"A suite already runs with {home.Root}{holder}: see it with ./run --status, end it with ./run --stop, or use another HYPERBDR_HOME and PORTS__OFFSET.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
