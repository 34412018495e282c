using System.Collections;
using HyperBdr.AppHost.Processes.Servers;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Services;

/// <summary>Turns the model into what the suite runs: one runnable per process, with its needs and its environment.</summary>
internal sealed class RunnableFactory(Home home, ServerUser user, IConfiguration configuration)
{
    /// <summary>Would make a service listen or behave otherwise than the model says.</summary>
    private static readonly string[] NotInherited =
        ["ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_STARTUP_HOOKS", "MSBUILD_EXE_PATH", "MSBuildSDKsPath", "MSBuildExtensionsPath"];

    private readonly Dictionary<string, string> _connectionStrings = new(StringComparer.Ordinal);

    public IReadOnlyList<IRunnable> Create(IReadOnlyList<Resource> resources)
    {
        var runnables = resources.SelectMany(ServersOf).ToList();
        var steps = resources.SelectMany(one => one.CompletedFirst).ToHashSet();
        foreach (var project in resources.OfType<ProjectResource>())
        {
            var (needs, environment) = (NeedsOf(project), EnvironmentOf(project));
            runnables.Add(steps.Contains(project) ? new StepRunnable(project, needs, environment) : new ProjectRunnable(project, needs, environment));
        }
        return runnables;
    }

    private IEnumerable<IRunnable> ServersOf(Resource resource)
    {
        var port = resource.Endpoints.FirstOrDefault()?.Port ?? 0;
        switch (resource)
        {
            case PostgresServerResource postgres:
                var databases = postgres.Databases.ConvertAll(one => new Database(one.DatabaseName, one.DatabaseName, home.Secret($"postgres-{one.DatabaseName}")));
                var server = new PostgresServer(home, user, port, databases);
                _connectionStrings[postgres.Name] = server.ConnectionString("postgres", PostgresServer.SuperUser, server.Password);
                foreach (var (one, database) in postgres.Databases.Zip(databases))
                    _connectionStrings[one.Name] = server.ConnectionString(database.Name, database.Role, database.Password);
                yield return server;
                break;
            case RabbitMQServerResource rabbitmq:
                var ports = new RabbitPorts(port, configuration.GetValue("Ports:rabbitmq_dist", port + 1), configuration.GetValue("Ports:epmd", port + 2));
                var broker = new RabbitServer(home, user, ports);
                _connectionStrings[rabbitmq.Name] = broker.ConnectionString;
                yield return new EpmdServer(home, user, ports.Mapper);
                yield return broker;
                break;
            case RedisResource redis:
                var cache = new RedisServer(home, user, port);
                _connectionStrings[redis.Name] = cache.ConnectionString;
                yield return cache;
                break;
        }
    }

    private static List<Need> NeedsOf(Resource resource) =>
    [
        .. resource.HealthyFirst.Select(one => new Need(one is PostgresDatabaseResource database ? database.Parent.Name : one.Name)).Distinct(),
        .. resource.CompletedFirst.Select(one => new Need(one.Name, Completed: true)),
    ];

    private Dictionary<string, string> EnvironmentOf(ProjectResource project)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry inherited in Environment.GetEnvironmentVariables())
            if (!NotInherited.Contains((string)inherited.Key)) variables[(string)inherited.Key] = (string?)inherited.Value ?? "";

        variables["ASPNETCORE_ENVIRONMENT"] = variables["DOTNET_ENVIRONMENT"] = "Production";
        // Many services share the machine: the collector that keeps memory small, unless the operator says otherwise.
        variables.TryAdd("DOTNET_gcServer", "0");
        variables["OTEL_SERVICE_NAME"] = project.Name;
        foreach (var endpoint in project.Endpoints.Where(one => one.TargetPortEnvironmentVariable is not null))
            variables[endpoint.TargetPortEnvironmentVariable!] = $"{endpoint.Port}";
        foreach (var source in project.References)
        {
            if (_connectionStrings.TryGetValue(source.Name, out var connectionString)) variables[$"ConnectionStrings__{source.Name}"] = connectionString;
            else if (source is ProjectResource service)
                foreach (var endpoint in service.Endpoints)
                    variables[$"services__{service.Name}__{endpoint.Name}__0"] = $"{endpoint.UriScheme}://127.0.0.1:{endpoint.Port}";
        }
        foreach (var (name, value) in project.Variables) variables[name] = value;
        return variables;
    }
}
