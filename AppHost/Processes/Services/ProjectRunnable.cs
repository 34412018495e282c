using System.Net;
using System.Xml.Linq;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Services;

/// <summary>A .NET project of the suite, run from its build output.</summary>
internal class ProjectRunnable(ProjectResource project, IReadOnlyList<Need> needs, IReadOnlyDictionary<string, string> environment) : IRunnable
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectTimeout = TimeSpan.FromSeconds(2),
    })
    { Timeout = TimeSpan.FromSeconds(5) };

    public string Name => project.Name;
    public string Command => $"dotnet {Path.GetFileName(Program)}";
    public IReadOnlyList<int> Ports => [.. project.Endpoints.Select(one => one.Port!.Value)];
    public bool IsPublic => project.Endpoints.Exists(one => one.IsExternal);
    public IReadOnlyList<Need> Needs => needs;
    public bool HasCheck => project.HealthCheck is not null;
    public Signal StopSignal => Signal.Terminate;
    public TimeSpan StopLimit => TimeSpan.FromSeconds(10);

    /// <summary>Every service is built in the AppHost's own configuration, for the same framework.</summary>
    public string Program { get; } = ProgramOf(project.ProjectPath);

    public Task PrepareAsync(CancellationToken ct) => File.Exists(Program) ? Task.CompletedTask
        : throw new StartProblemException($"{Name} is not built ({Program} is missing): start the suite with ./run, which builds it.");

    public Launch CreateLaunch() => new("dotnet", [Program], environment, Path.GetDirectoryName(Program)!);

    public async Task<Check> CheckAsync(CancellationToken ct)
    {
        var (name, path) = project.HealthCheck!.Value;
        var endpoint = project.Endpoints.Find(one => one.Name == name)
            ?? throw new StartProblemException($"{Name} has no endpoint {name} for its health check in AppHost/Program.cs.");
        try
        {
            using var answer = await Client.GetAsync(new Uri($"{endpoint.UriScheme}://127.0.0.1:{endpoint.Port}{path}"), HttpCompletionOption.ResponseHeadersRead, ct);
            return answer.StatusCode is HttpStatusCode.OK ? Check.Passed : Check.Refused($"answers {(int)answer.StatusCode} on {path}");
        }
        catch (HttpRequestException e)
        {
            return Check.Silent($"does not answer on port {endpoint.Port} ({e.HttpRequestError})");
        }
    }

    public Task CompleteStartAsync(CancellationToken ct) => Task.CompletedTask;

    private static string ProgramOf(string projectPath)
    {
        // …/AppHost/bin/Release/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var assembly = File.Exists(projectPath)
            ? XDocument.Load(projectPath).Descendants("AssemblyName").FirstOrDefault()?.Value : null;
        return Path.Combine(Path.GetDirectoryName(projectPath)!, "bin", output.Parent!.Name, output.Name, (assembly ?? Path.GetFileNameWithoutExtension(projectPath)) + ".dll");
    }
}

/// <summary>A project that ends by itself, and that others wait for.</summary>
internal sealed class StepRunnable(ProjectResource project, IReadOnlyList<Need> needs, IReadOnlyDictionary<string, string> environment)
    : ProjectRunnable(project, needs, environment), IRunsToCompletion;
