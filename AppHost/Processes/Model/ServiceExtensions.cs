namespace HyperBdr.AppHost.Processes;

/// <summary>Projects and what they need.</summary>
public static class ServiceExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, string name, string projectPath) =>
        builder.AddResource(new ProjectResource(name, Path.GetFullPath(Path.Combine(builder.AppHostDirectory, projectPath))));

    public static IResourceBuilder<ViteAppResource> AddViteApp(this IDistributedApplicationBuilder builder, string name, string appDirectory) =>
        builder.AddResource(new ViteAppResource(name, Path.GetFullPath(Path.Combine(builder.AppHostDirectory, appDirectory))));

    public static IResourceBuilder<T> WithHttpEndpoint<T>(this IResourceBuilder<T> builder, int? port = null, string? name = null, string? env = null, bool isProxied = true)
        where T : IResourceWithEndpoints => builder.WithPort(port, "http", name, env, isProxied);

    public static IResourceBuilder<T> WithHttpsEndpoint<T>(this IResourceBuilder<T> builder, int? port = null, string? name = null, string? env = null, bool isProxied = true)
        where T : IResourceWithEndpoints => builder.WithPort(port, "https", name, env, isProxied);

    /// <summary>Changes an endpoint that was added before.</summary>
    public static IResourceBuilder<T> WithEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Action<EndpointAnnotation> callback)
        where T : IResourceWithEndpoints
    {
        callback(Of(builder).Endpoints.Find(one => one.Name == endpointName)
            ?? throw new StartProblemException($"{builder.Resource.Name} has no endpoint {endpointName} in AppHost/Program.cs."));
        return builder;
    }

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value) where T : IResourceWithEnvironment
    {
        Of(builder).Variables[name] = value ?? "";
        return builder;
    }

    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source)
        where TDestination : IResourceWithEnvironment => builder.Referring(source.Resource);

    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment => builder.Referring(source.Resource);

    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency) where T : IResourceWithWaitSupport
    {
        Of(builder).HealthyFirst.Add(dependency.Resource);
        return builder;
    }

    public static IResourceBuilder<T> WaitForCompletion<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency) where T : IResourceWithWaitSupport
    {
        Of(builder).CompletedFirst.Add(dependency.Resource);
        return builder;
    }

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string? path = null, string? endpointName = null) where T : IResourceWithEndpoints
    {
        Of(builder).HealthCheck = (endpointName ?? "http", path ?? "/");
        return builder;
    }

    /// <summary>The files that <c>./run</c> built are served from where they lie: the path inside an image has no effect.</summary>
    public static IResourceBuilder<T> PublishWithContainerFiles<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithContainerFiles> source, string destinationPath)
        where T : IResourceWithEnvironment
    {
        ArgumentException.ThrowIfNullOrEmpty(destinationPath);
        return source.Resource is ViteAppResource web ? builder.WithEnvironment("WEB_ROOT", Path.Combine(web.Directory, "dist")) : builder;
    }

    private static Resource Of<T>(IResourceBuilder<T> builder) where T : IResource =>
        builder.Resource as Resource ?? throw new InvalidOperationException($"{builder.Resource.Name} is not of this engine");

    private static IResourceBuilder<T> Referring<T>(this IResourceBuilder<T> builder, IResource source) where T : IResource
    {
        Of(builder).References.Add(source);
        return builder;
    }

    // No proxy stands before a process here, so proxied or not is the same.
    private static IResourceBuilder<T> WithPort<T>(this IResourceBuilder<T> builder, int? port, string scheme, string? name, string? env, bool isProxied) where T : IResource
    {
        _ = isProxied;
        Of(builder).Endpoints.Add(new EndpointAnnotation(name ?? scheme, scheme)
        {
            Port = port ?? throw new StartProblemException($"The endpoint {name ?? scheme} of {builder.Resource.Name} has no port in AppHost/Program.cs."),
            TargetPortEnvironmentVariable = env,
        });
        return builder;
    }
}
