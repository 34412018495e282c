namespace HyperBdr.AppHost.Processes;

// The names and shapes are those of Aspire's public API, so that AppHost/Program.cs compiles against either.
// Only what Program.cs uses is here.

public interface IResource
{
    string Name { get; }
}

public interface IResourceWithEnvironment : IResource;

public interface IResourceWithEndpoints : IResource;

public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

public interface IResourceWithConnectionString : IResource;

public interface IResourceWithWaitSupport : IResource;

public interface IResourceWithContainerFiles : IResource;

/// <summary>One address that a resource listens on.</summary>
public sealed class EndpointAnnotation(string name, string uriScheme)
{
    public string Name { get; } = name;
    public string UriScheme { get; } = uriScheme;
    public int? Port { get; set; }

    /// <summary>Reachable from other machines.</summary>
    public bool IsExternal { get; set; }

    /// <summary>Environment variable that tells the process its port.</summary>
    public string? TargetPortEnvironmentVariable { get; set; }
}

/// <summary>What the model knows of a resource; the plan is made of it.</summary>
public abstract class Resource(string name) : IResource
{
    public string Name { get; } = name;
    internal List<EndpointAnnotation> Endpoints { get; } = [];
    internal Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);
    internal List<IResource> References { get; } = [];
    internal List<IResource> HealthyFirst { get; } = [];
    internal List<IResource> CompletedFirst { get; } = [];
    internal (string Endpoint, string Path)? HealthCheck { get; set; }
}

public sealed class ProjectResource(string name, string projectPath)
    : Resource(name), IResourceWithEnvironment, IResourceWithServiceDiscovery, IResourceWithWaitSupport
{
    internal string ProjectPath { get; } = projectPath;
}

public sealed class PostgresServerResource(string name) : Resource(name), IResourceWithConnectionString
{
    internal List<PostgresDatabaseResource> Databases { get; } = [];
}

public sealed class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource server) : Resource(name), IResourceWithConnectionString
{
    public string DatabaseName { get; } = databaseName;
    public PostgresServerResource Parent { get; } = server;
}

public sealed class RabbitMQServerResource(string name) : Resource(name), IResourceWithConnectionString;

public sealed class RedisResource(string name) : Resource(name), IResourceWithConnectionString;

/// <summary>The web client: <c>./run</c> builds it to <c>dist/</c> and the gateway serves it, so it is no process here.</summary>
public sealed class ViteAppResource(string name, string directory)
    : Resource(name), IResourceWithEnvironment, IResourceWithServiceDiscovery, IResourceWithContainerFiles
{
    internal string Directory { get; } = directory;
}

/// <summary>A place to publish to; this engine only runs, so it is a name without effect.</summary>
public sealed class DockerComposeEnvironmentResource(string name) : Resource(name);

/// <inheritdoc cref="DockerComposeEnvironmentResource"/>
public sealed class KubernetesEnvironmentResource(string name) : Resource(name);
