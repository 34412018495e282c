namespace HyperBdr.AppHost.Processes;

/// <summary>The system, ready to run.</summary>
public sealed class DistributedApplication
{
    private readonly Commands.RunOptions _options;

    internal DistributedApplication(IReadOnlyList<Resource> resources, IConfiguration configuration, Commands.RunOptions options) =>
        (Resources, Configuration, _options) = (resources, configuration, options);

    internal IReadOnlyList<Resource> Resources { get; }
    internal IConfiguration Configuration { get; }

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>Runs until it is told to stop; the process's exit code says how it went.</summary>
    public void Run() => RunAsync(CancellationToken.None).GetAwaiter().GetResult();

    public async Task RunAsync(CancellationToken cancellationToken) =>
        Environment.ExitCode = await Commands.Run.RunAsync(this, _options, Console.Out, Console.Error, cancellationToken);
}
