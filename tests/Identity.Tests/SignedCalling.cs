using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.ServiceDefaults.Calls;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class SignedCalling(IdentityWorld world)
{
    [Fact]
    public async Task A_rightly_signed_call_is_its_users_once()
    {
        var (user, key, _) = await KeyAsync();
        var call = Signed(key);

        var principal = await VerifyAsync(call);

        principal.ShouldNotBeNull();
        (principal.UserId, principal.TenantId, principal.Role, principal.Kind, principal.Pending).ShouldBe((user.Id.ToString(), user.TenantId.ToString(), Roles.Operator, "access_key", ""));
        (await VerifyAsync(call)).ShouldBeNull();
        (await VerifyAsync(Signed(key))).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("method")]
    [InlineData("path")]
    [InlineData("query")]
    [InlineData("body")]
    [InlineData("nonce")]
    [InlineData("time")]
    [InlineData("signature")]
    [InlineData("key")]
    public async Task A_call_that_differs_from_what_was_signed_is_nobodys(string what)
    {
        var (_, key, _) = await KeyAsync();
        var call = Signed(key);
        switch (what)
        {
            case "method": call.Method = "DELETE"; break;
            case "path": call.Path += "/x"; break;
            case "query": call.SortedQuery = "a=2"; break;
            case "body": call.BodySha256Hex = Convert.ToHexStringLower(SHA256.HashData("other"u8)); break;
            case "nonce": call.Nonce += "x"; break;
            case "time": call.TimestampUnixS++; break;
            case "signature": call.SignatureHex = new string('0', 64); break;
            default: call.AccessKey = "AK000000000000000000"; break;
        }

        (await VerifyAsync(call)).ShouldBeNull();
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(300, true)]
    [InlineData(-301, false)]
    [InlineData(301, false)]
    public async Task A_clock_may_differ_by_five_minutes(int seconds, bool accepted)
    {
        var (_, key, _) = await KeyAsync();

        (await VerifyAsync(Signed(key, seconds)) is not null).ShouldBe(accepted);
    }

    [Fact]
    public async Task A_key_stops_when_it_or_its_user_is_disabled()
    {
        var (user, key, admin) = await KeyAsync();
        using var client = world.Identity.As(IdentityWorld.CallerOf(admin));

        await Calls.AskAsync(client, HttpMethod.Post, $"/access-keys/{key.Id}/disable");
        (await VerifyAsync(Signed(key))).ShouldBeNull();
        await Calls.AskAsync(client, HttpMethod.Post, $"/access-keys/{key.Id}/enable");
        (await VerifyAsync(Signed(key))).ShouldNotBeNull();
        await Calls.AskAsync(client, HttpMethod.Post, $"/users/{user.Id}/disable");
        world.Time.Advance(TimeSpan.FromSeconds(3));
        (await VerifyAsync(Signed(key))).ShouldBeNull();
        await world.EventAsync<AccessKeyChanged>(e => e.AccessKeyId == key.Id && e.Change == "disabled");
    }

    [Fact]
    public async Task A_secret_is_shown_again_to_the_administrator_and_never_in_a_list()
    {
        var (_, key, admin) = await KeyAsync();
        using var client = world.Identity.As(IdentityWorld.CallerOf(admin));

        (await Calls.AskAsync(client, HttpMethod.Post, $"/access-keys/{key.Id}/reveal")).Text("secret").ShouldBe(key.Secret);
        (await Calls.AskAsync(client, HttpMethod.Get, "/access-keys")).Body!.ToJsonString().ShouldNotContain(key.Secret);
        await world.EventAsync<AccessKeyChanged>(e => e.AccessKeyId == key.Id && e.Change == "revealed");
        (await Calls.AskAsync(client, HttpMethod.Delete, $"/access-keys/{key.Id}")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await VerifyAsync(Signed(key))).ShouldBeNull();
    }

    [Fact]
    public async Task A_user_has_at_most_ten_keys()
    {
        var (user, _, admin) = await KeyAsync();
        using var client = world.Identity.As(IdentityWorld.CallerOf(admin));
        for (var i = 1; i < AccessKey.MostPerUser; i++) (await Calls.AskAsync(client, HttpMethod.Post, "/access-keys", new { user_id = user.Id })).Status.ShouldBe(HttpStatusCode.Created);

        (await Calls.AskAsync(client, HttpMethod.Post, "/access-keys", new { user_id = user.Id })).Code.ShouldBe("identity.access_key.too_many");
    }

    private sealed record Pair(Guid Id, string Key, string Secret);

    private async Task<(User User, Pair Key, User Admin)> KeyAsync()
    {
        var user = await world.UserAsync(Roles.Operator);
        var admin = await world.UserAsync(Roles.TenantAdmin, user.TenantId);
        using var client = world.Identity.As(IdentityWorld.CallerOf(admin));
        var made = await Calls.AskAsync(client, HttpMethod.Post, "/access-keys", new { user_id = user.Id, description = "automation" });
        made.Status.ShouldBe(HttpStatusCode.Created);
        return (user, new Pair(made.Id, made.Text("access_key")!, made.Text("secret")!), admin);
    }

    private VerifySignatureRequest Signed(Pair key, int clock = 0)
    {
        var call = new VerifySignatureRequest
        {
            AccessKey = key.Key,
            TimestampUnixS = world.Time.GetUtcNow().ToUnixTimeSeconds() + clock,
            Nonce = Guid.CreateVersion7().ToString("n"),
            Method = "POST",
            Path = "/api/v1/porter/enrolment-tokens",
            SortedQuery = "a=1",
            BodySha256Hex = Convert.ToHexStringLower(SHA256.HashData("{}"u8)),
        };
        // Written out, not shared with the service: this is what a client's author reads in the documentation.
        var text = $"{call.Method}\n{call.Path}\n{call.SortedQuery}\n{call.TimestampUnixS}\n{call.Nonce}\n{call.BodySha256Hex}";
        call.SignatureHex = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key.Secret), Encoding.UTF8.GetBytes(text)));
        return call;
    }

    private async Task<Principal?> VerifyAsync(VerifySignatureRequest call)
    {
        using var channel = world.Identity.ChannelAs(Caller.Service("gateway", Tenants.Platform));
        try
        {
            return await new Contracts.Identity.V1.Principals.PrincipalsClient(channel).VerifySignatureAsync(call);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
        {
            return null;
        }
    }
}
