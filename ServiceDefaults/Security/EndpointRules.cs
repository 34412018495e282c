using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace HyperBdr.ServiceDefaults.Security;

/// <summary>A service with an endpoint that says nothing about access, or two things, does not start.</summary>
internal sealed class EndpointRules(EndpointDataSource endpoints) : IHostedLifecycleService
{
    /// <summary>Only now are all endpoints mapped.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var unclear = endpoints.Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is null && e.Metadata.OfType<AccessRule>().Distinct().Count() != 1)
            // gRPC maps answers for unknown methods and services itself; the fallback policy refuses them.
            .Where(e => e.DisplayName?.Contains("Unimplemented", StringComparison.Ordinal) != true)
            .Select(e => e.DisplayName)
            .ToList();
        return unclear.Count == 0 ? Task.CompletedTask : throw new InvalidOperationException($"Endpoints without exactly one access rule: {string.Join(", ", unclear)}");
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
