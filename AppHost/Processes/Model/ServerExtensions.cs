namespace HyperBdr.AppHost.Processes;

/// <summary>The servers and the places to publish to.</summary>
public static class ServerExtensions
{
    public static IResourceBuilder<PostgresServerResource> AddPostgres(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        builder.AddResource(new PostgresServerResource(name)).OnPort(port ?? 5432, "tcp");

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        builder.Resource.Databases.Add(database);
        return new ResourceBuilder<PostgresDatabaseResource>(database, builder.ApplicationBuilder);
    }

    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        builder.AddResource(new RabbitMQServerResource(name)).OnPort(port ?? 5672, "tcp");

    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        builder.AddResource(new RedisResource(name)).OnPort(port ?? 6379, "tcp");

    // The data of each server are always kept, under data/ of the home: a volume has no further effect.
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(this IResourceBuilder<PostgresServerResource> builder) => builder;

    public static IResourceBuilder<RabbitMQServerResource> WithDataVolume(this IResourceBuilder<RabbitMQServerResource> builder) => builder;

    public static IResourceBuilder<DockerComposeEnvironmentResource> AddDockerComposeEnvironment(this IDistributedApplicationBuilder builder, string name) =>
        new ResourceBuilder<DockerComposeEnvironmentResource>(new(name), builder);

    public static IResourceBuilder<KubernetesEnvironmentResource> AddKubernetesEnvironment(this IDistributedApplicationBuilder builder, string name) =>
        new ResourceBuilder<KubernetesEnvironmentResource>(new(name), builder);

    private static IResourceBuilder<T> OnPort<T>(this IResourceBuilder<T> builder, int port, string scheme) where T : Resource
    {
        builder.Resource.Endpoints.Add(new EndpointAnnotation(scheme, scheme) { Port = port });
        return builder;
    }
}
