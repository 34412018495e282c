using Grpc.Core;
using Grpc.Core.Interceptors;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HyperBdr.ServiceDefaults.Security;

public static class ServiceClients
{
    /// <summary>A gRPC client of another service: found by name, with this process's token for the present tenant, retry and deadline.</summary>
    /// <typeparam name="TClient">Generated client.</typeparam>
    /// <param name="service">Name of the service, e.g. <c>storplus</c>.</param>
    public static IHttpClientBuilder AddServiceClient<TClient>(this IHostApplicationBuilder builder, string service)
        where TClient : class
    {
        var own = builder.Environment.ApplicationName;
        return builder.Services.AddGrpcClient<TClient>(o => o.Address = new Uri($"http://_grpc.{service}"))
            .AddInterceptor(Grpc.Net.ClientFactory.InterceptorScope.Client, sp => new TokenInterceptor(sp.GetRequiredService<InternalTokens>(), sp.GetRequiredService<CallContext>(), own, service))
            .ConfigureChannel(c => c.UnsafeUseInsecureChannelCallCredentials = true);
    }

    /// <summary>Adds the token of the present caller: the person's identity is kept, so that the called service sees the same tenant.</summary>
    private sealed class TokenInterceptor(InternalTokens tokens, CallContext call, string own, string service) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, With(context));

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, With(context));

        private ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
            where TRequest : class
            where TResponse : class
        {
            var headers = context.Options.Headers ?? [];
            headers.Add("authorization", $"Bearer {tokens.Mint(own, service, Caller.Service(own, call.TenantId))}");
            return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers));
        }
    }
}
