using System.Net;
using Grpc.Core;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using StackExchange.Redis;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class SessionLife(IdentityWorld world)
{
    [Fact]
    public async Task A_session_ends_after_half_an_hour_without_use_and_not_before()
    {
        var browser = await world.SignedInAsync(await world.UserAsync(Roles.Operator));

        world.Time.Advance(Session.Idle - TimeSpan.FromMinutes(1));
        (await browser.PrincipalAsync()).ShouldNotBeNull();
        world.Time.Advance(Session.Idle - TimeSpan.FromMinutes(1));
        (await browser.PrincipalAsync()).ShouldNotBeNull();
        world.Time.Advance(Session.Idle);
        (await browser.PrincipalAsync()).ShouldBeNull();
        (await browser.GetAsync("/session")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours_of_use()
    {
        var browser = await world.SignedInAsync(await world.UserAsync(Roles.Operator));

        var used = TimeSpan.Zero;
        for (var step = TimeSpan.FromMinutes(20); used < Session.Absolute - step; used += step)
        {
            (await browser.PrincipalAsync()).ShouldNotBeNull();
            world.Time.Advance(step);
        }

        (await browser.PrincipalAsync()).ShouldNotBeNull();
        world.Time.Advance(TimeSpan.FromMinutes(20));
        (await browser.PrincipalAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task A_sign_in_that_stops_half_way_is_forgotten_sooner()
    {
        var user = await world.UserAsync(Roles.Operator, mustChange: true);
        var browser = world.NewBrowser();
        await browser.SignInAsync(user.Username, IdentityWorld.Password);

        world.Time.Advance(Session.HalfWay);

        (await browser.PrincipalAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Another_process_that_disables_the_user_is_obeyed_within_two_seconds()
    {
        var user = await world.UserAsync(Roles.Operator);
        var browser = await world.SignedInAsync(user);
        (await browser.PrincipalAsync()).ShouldNotBeNull();

        await world.InDatabaseAsync((db, _) => db.Users.IgnoreQueryFilters().Where(u => u.Id == user.Id).ExecuteUpdateAsync(s => s.SetProperty(u => u.Enabled, false)));
        world.Time.Advance(TimeSpan.FromSeconds(2));

        (await browser.PrincipalAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("reset-password")]
    [InlineData("reset-totp")]
    [InlineData("role")]
    [InlineData("delete")]
    [InlineData("tenant")]
    public async Task What_an_administrator_takes_away_ends_the_sessions(string how)
    {
        var user = await world.UserAsync(Roles.Operator);
        var administrator = await world.UserAsync(Roles.TenantAdmin, user.TenantId);
        using var admin = world.Identity.As(IdentityWorld.CallerOf(administrator));
        using var platform = world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.PlatformAdmin)));
        var browser = await world.SignedInAsync(user);
        var path = $"/api/v1/identity/users/{user.Id}";

        using var answer = how switch
        {
            "role" => await Calls.SendAsync(admin, HttpMethod.Put, path, new { role = Roles.Auditor }),
            "delete" => await Calls.SendAsync(admin, HttpMethod.Delete, path, null),
            "tenant" => await Calls.SendAsync(platform, HttpMethod.Post, $"/api/v1/identity/tenants/{user.TenantId}/disable", null),
            _ => await Calls.SendAsync(admin, HttpMethod.Post, $"{path}/{how}", new { new_password = "Another-Horse-8" }),
        };

        ((int)answer.StatusCode).ShouldBeInRange(200, 204);
        world.Time.Advance(TimeSpan.FromSeconds(3));
        (await browser.PrincipalAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task An_emptied_Redis_signs_everybody_out()
    {
        var browser = await world.SignedInAsync(await world.UserAsync(Roles.Operator));
        var redis = world.Identity.Services.GetRequiredService<IConnectionMultiplexer>();

        await redis.GetServers()[0].FlushDatabaseAsync(9);

        (await browser.PrincipalAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Without_Redis_nobody_comes_in_and_nobody_stays()
    {
        var home = Directory.CreateTempSubdirectory("hyperbdr-identity-");
        await using var redis = await OwnRedis.StartAsync(home.FullName);
        await using (var identity = await world.StartAsync(home.FullName, await world.Servers.NewDatabaseAsync("identity", CancellationToken.None), redis.Address))
        {
            await world.InDatabaseAsync((db, _) =>
            {
                db.Tenants.Add(new Domain.Tenant { Id = new Guid("11111111-0000-7000-8000-000000000001"), Name = "T", NameKey = "t", Scene = "all", CreatedAt = world.Time.GetUtcNow() });
                return Task.FromResult(0);
            }, identity);
            var user = await world.UserAsync(Roles.Operator, new Guid("11111111-0000-7000-8000-000000000001"), at: identity);
            var browser = world.NewBrowser(at: identity);
            (await browser.SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");

            await redis.DisposeAsync();

            (await Should.ThrowAsync<RpcException>(browser.PrincipalAsync)).StatusCode.ShouldBe(StatusCode.Unavailable);
            var fresh = world.NewBrowser(at: identity);
            var refused = await fresh.SignInAsync(user.Username, IdentityWorld.Password);
            (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "service.unavailable"));
            fresh.Token.ShouldBeNull();
        }

        home.Delete(recursive: true);
    }

    [Fact]
    public async Task Only_the_suites_own_processes_may_ask_who_somebody_is()
    {
        var user = await world.UserAsync(Roles.TenantAdmin);
        using var channel = world.Identity.ChannelAs(IdentityWorld.CallerOf(user));

        var refused = await Should.ThrowAsync<RpcException>(async () => await new Contracts.Identity.V1.Principals.PrincipalsClient(channel).ResolveAsync(new ResolveRequest()));

        refused.StatusCode.ShouldBe(StatusCode.PermissionDenied);
    }
}
