using Grpc.AspNetCore.Server;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.AspNetCore.Builder;

namespace HyperBdr.ServiceDefaults.Security;

public static class GrpcAccess
{
    /// <summary>One permission for the methods of a gRPC service that read, one for those that change something.</summary>
    public static GrpcServiceEndpointConventionBuilder RequirePermissions(this GrpcServiceEndpointConventionBuilder service, string reading, string writing)
    {
        service.Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<GrpcMethodMetadata>().LastOrDefault() is not { } method) return;
            var rule = new AccessRule(CallRecording.Reads(method.Method.Name) ? reading : writing);
            endpoint.Metadata.Add(rule);
            endpoint.Metadata.Add(Access.PolicyOf(rule));
        });
        return service;
    }
}
