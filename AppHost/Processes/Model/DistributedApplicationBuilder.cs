namespace HyperBdr.AppHost.Processes;

public interface IDistributedApplicationBuilder
{
    /// <summary>Environment and command line: <c>HYPERBDR_HOME</c>, <c>Ports:Offset</c>, <c>Ports:&lt;name&gt;</c>.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>Folder of the AppHost project; paths of other projects are relative to it.</summary>
    string AppHostDirectory { get; }

    IResourceBuilder<T> AddResource<T>(T resource) where T : IResource;

    DistributedApplication Build();
}

public interface IResourceBuilder<out T> where T : IResource
{
    T Resource { get; }
    IDistributedApplicationBuilder ApplicationBuilder { get; }
}

internal sealed class ResourceBuilder<T>(T resource, IDistributedApplicationBuilder application) : IResourceBuilder<T> where T : IResource
{
    public T Resource => resource;
    public IDistributedApplicationBuilder ApplicationBuilder => application;
}

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly List<Resource> _resources = [];
    private readonly Commands.RunOptions _options;

    public DistributedApplicationBuilder(string[] args)
    {
        _options = Commands.RunOptions.Parse(args);
        Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["HYPERBDR_HOME"] = Home.DefaultPath(Supervision.Libc.IsRoot) });
        Configuration.AddEnvironmentVariables();
        Configuration.AddCommandLine(_options.Settings);
        if (string.IsNullOrWhiteSpace(Configuration["HYPERBDR_HOME"])) Configuration["HYPERBDR_HOME"] = Home.DefaultPath(Supervision.Libc.IsRoot);
        Configuration["HYPERBDR_HOME"] = Path.GetFullPath(Configuration["HYPERBDR_HOME"]!);
    }

    public ConfigurationManager Configuration { get; } = new();

    /// <summary>Programs lie in <c>bin/&lt;configuration&gt;/&lt;framework&gt;</c> of their project.</summary>
    public string AppHostDirectory { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../.."));

    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource
    {
        if (resource is Resource known) _resources.Add(known);
        return new ResourceBuilder<T>(resource, this);
    }

    public DistributedApplication Build() => new(_resources, Configuration, _options);
}
