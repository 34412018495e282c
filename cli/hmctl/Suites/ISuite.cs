using HyperBdr.Contracts.Control;

namespace HyperBdr.Hmctl.Suites;

public enum Order
{
    Start,
    Stop,
    Restart,
    Reload,

    /// <summary>Ends everything, the engine too.</summary>
    Shutdown,
}

/// <summary>A running suite: local processes behind the control socket, or containers behind Docker Compose.</summary>
public interface ISuite
{
    /// <summary>State now.</summary>
    /// <exception cref="CommandFailedException">It cannot be read (exit 3).</exception>
    Task<SuiteStatus> StatusAsync(CancellationToken ct);

    /// <summary>Gives an order; does not wait until services are healthy again.</summary>
    /// <param name="service">One service; null for all.</param>
    Task OrderAsync(Order order, string? service, CancellationToken ct);

    Task LogsAsync(string service, int tail, bool follow, Stream to, CancellationToken ct);
}

/// <summary>Finds the suite of a home.</summary>
public static class SuiteFinder
{
    private static readonly string[] ComposeFiles = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    public static ISuite Find(Io io, string? composeFile)
    {
        if (composeFile is not null)
            return File.Exists(composeFile) ? new ComposeSuite(io, Path.GetFullPath(composeFile))
                : throw new CommandFailedException(ExitCodes.NoState, $"There is no compose file {composeFile}: give its path with --compose-file.");
        if (File.Exists(ControlClient.SocketOf(io.Home))) return new ControlSuite(io.Home);
        if (io.Root is not null && Array.Find(ComposeFiles, name => File.Exists(Path.Combine(io.Root, "deploy/compose", name))) is { } found)
            return new ComposeSuite(io, Path.Combine(io.Root, "deploy/compose", found));
        return new ControlSuite(io.Home);
    }
}
