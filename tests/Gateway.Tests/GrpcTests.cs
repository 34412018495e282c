using Grpc.Core;
using HyperBdr.Contracts.Owl.V1;
using HyperBdr.Contracts.Storplus.V1;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class GrpcTests(GatewayFixture fixture)
{
    private GatewayUnderTest Gateway => fixture.Gateway;

    [Fact]
    public async Task A_unary_call_reaches_its_service_with_the_gateways_token()
    {
        var pools = new Pools.PoolsClient(Gateway.Channel());
        var pool = await pools.GetPoolAsync(new GetPoolRequest { PoolId = "7" }, new Metadata { { "x-auth-token", fixture.Identity.AddToken() } });
        pool.Id.ShouldBe("7");
        InternalToken.Read(Gateway, pool.Name, "storplus")["kind"].ShouldBe("api_token");
    }

    [Fact]
    public async Task A_stream_arrives_whole_and_in_order()
    {
        var trail = new AuditTrail.AuditTrailClient(Gateway.Channel());
        using var call = trail.Read(new ReadAuditRequest(), new Metadata { { "authorization", $"Bearer {fixture.Identity.AddToken()}" } });
        long expected = 0;
        await foreach (var entry in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken)) entry.Sequence.ShouldBe(++expected);
        expected.ShouldBe(1000);
    }

    [Fact]
    public async Task A_refusal_is_a_grpc_status_with_its_code()
    {
        var pools = new Pools.PoolsClient(Gateway.Channel());
        var refused = await Should.ThrowAsync<RpcException>(async () => await pools.GetPoolAsync(new GetPoolRequest(), new Metadata { { "x-auth-token", "unknown" } }));
        refused.StatusCode.ShouldBe(StatusCode.Unauthenticated);
        refused.Trailers.GetValue("error-code").ShouldBe("auth.required");
    }

    [Fact]
    public async Task A_session_needs_its_csrf_token_for_grpc_too()
    {
        var pools = new Pools.PoolsClient(Gateway.Channel());
        var cookie = $"__Host-hyperbdr-console={fixture.Identity.AddSession("console", csrf: "c")}";
        (await Should.ThrowAsync<RpcException>(async () => await pools.GetPoolAsync(new GetPoolRequest(), new Metadata { { "cookie", cookie } }))).StatusCode.ShouldBe(StatusCode.PermissionDenied);
        await pools.GetPoolAsync(new GetPoolRequest(), new Metadata { { "cookie", cookie }, { "x-csrf-token", "c" } });
    }
}
