using HyperBdr.AppHost.Processes;
using Microsoft.Extensions.Configuration;

namespace HyperBdr.TestHost;

/// <summary>Redis, a step and two services (front waits for back), all of it over the real engine.</summary>
internal static class TestSuite
{
    public static int Run(string[] args)
    {
        var builder = DistributedApplication.CreateBuilder(args);
        if (builder.Configuration.GetValue("Test:OnlyServers", false)) return Servers(builder);
        var first = builder.Configuration.GetValue("Test:Port", 21_900);
        var redis = builder.AddRedis("redis", port: first);
        var step = builder.AddProject("step", "HyperBdr.TestHost.csproj").WithEnvironment("TEST_ROLE", "step").WaitFor(redis);
        var back = Service("back", first + 1).WithReference(redis).WaitFor(redis).WaitForCompletion(step);
        Service("front", first + 2).WithReference(back).WaitFor(back)
            .WithHttpsEndpoint(port: first + 3, name: "console", env: "CONSOLE_PORT");
        builder.Build().Run();
        return Environment.ExitCode;

        IResourceBuilder<ProjectResource> Service(string name, int port) =>
            builder.AddProject(name, "HyperBdr.TestHost.csproj")
                .WithHttpEndpoint(port: port, name: "http", env: "HTTP_PORT")
                .WithHttpHealthCheck("/healthz/ready", endpointName: "http")
                .WithEnvironment("TEST_ROLE", "service")
                .WithEnvironment("TEST_FAULT", builder.Configuration[$"Test:Fault:{name}"])
                .WithEnvironment("HYPERBDR_HOME", builder.Configuration["HYPERBDR_HOME"]);
    }

    /// <summary>PostgreSQL, RabbitMQ and Redis as the suite runs them, and nothing else.</summary>
    private static int Servers(IDistributedApplicationBuilder builder)
    {
        var first = builder.Configuration.GetValue("Test:Port", 21_900);
        builder.AddPostgres("postgres", port: first).AddDatabase("antdb", "ant");
        builder.AddRedis("redis", port: first + 1);
        builder.AddRabbitMQ("rabbitmq", port: first + 2);
        builder.Build().Run();
        return Environment.ExitCode;
    }
}
