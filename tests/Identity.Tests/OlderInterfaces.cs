using System.Net;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.ServiceDefaults.Calls;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class OlderInterfaces(IdentityWorld world)
{
    private Task<Answer> AskAsync(string path, object body, HttpMethod? method = null, Caller? caller = null) => SendAsync(path, body, method ?? HttpMethod.Post, caller);

    private async Task<Answer> SendAsync(string path, object body, HttpMethod method, Caller? caller)
    {
        using var client = world.Identity.As(caller ?? Caller.Anonymous with { SourceIp = world.Name("2001:db8::a") });
        return await Answer.ReadAsync(await Calls.SendAsync(client, method, path, body));
    }

    private Task<Principal?> TokenAsync(string? token) => IdentityWorld.ResolveAsync(world.Identity, ResolveRequest.Types.Kind.ApiToken, token!);

    private async Task<Caller> CallerAsync(string token)
    {
        var p = (await TokenAsync(token))!;
        return new Caller(Guid.Parse(p.UserId), p.UserName, Guid.Parse(p.TenantId), p.Role, p.Kind, "192.0.2.9", p.SessionId, p.Pending);
    }

    [Fact]
    public async Task The_v1_sign_in_gives_a_bare_token_for_24_hours()
    {
        var user = await world.UserAsync(Roles.Operator);

        var answer = await AskAsync("/hypermotion/v1/users/token", new { username = user.Username, password = IdentityWorld.Password });

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Body!.AsObject().Select(p => p.Key).ShouldBe(["token"]);
        var principal = await TokenAsync(answer.Text("token"));
        (principal!.UserId, principal.Kind, principal.Pending, principal.CsrfToken).ShouldBe((user.Id.ToString(), "api_token", "", ""));
        world.Time.Advance(ApiToken.Lifetime - TimeSpan.FromSeconds(1));
        (await TokenAsync(answer.Text("token"))).ShouldNotBeNull();
        world.Time.Advance(TimeSpan.FromSeconds(1));
        (await TokenAsync(answer.Text("token"))).ShouldBeNull();
    }

    [Fact]
    public async Task The_v2_sign_in_answers_in_its_envelope()
    {
        var user = await world.UserAsync(Roles.Operator);

        var answer = await AskAsync("/api/v2/loginNoImageCaptcha", new { username = user.Username, password = IdentityWorld.Password, unknown = 1 });

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Body!.AsObject().Select(p => p.Key).ShouldBe(["code", "data", "error", "title", "trace_id"]);
        (answer.Code, answer.Body["error"], answer.Body["data"]!["roles"]!.GetValue<string>()).ShouldBe(("00000000", null, Roles.Operator));
        (await TokenAsync(answer.Body["data"]!["token"]!.GetValue<string>())).ShouldNotBeNull();
        (await TokenAsync(answer.Body["data"]!["refresh_token"]!.GetValue<string>())).ShouldBeNull();
    }

    [Theory]
    [InlineData("/api/v2/loginNoImageCaptcha")]
    [InlineData("/hypermotion/v1/users/token")]
    public async Task A_refusal_carries_its_text_where_the_client_looks(string path)
    {
        var user = await world.UserAsync(Roles.Operator);

        var wrong = await AskAsync(path, new { username = user.Username, password = "Wrong-Horse-7" });
        var unknown = await AskAsync(path, new { username = world.Name("nobody"), password = "Wrong-Horse-7" });
        var incomplete = await AskAsync(path, new { username = user.Username });

        (wrong.Status, wrong.Code, wrong.Body!["error"]!["reason"]!.GetValue<string>()).ShouldBe((HttpStatusCode.Unauthorized, "00003002", "identity.session.wrong"));
        wrong.Message.Headers.GetValues("Server-Error-Message").Single().ShouldBe(wrong.Text("faultstring"));
        wrong.Text("title").ShouldBe(wrong.Text("faultstring"));
        unknown.Text("faultstring").ShouldBe(wrong.Text("faultstring"));
        (incomplete.Status, incomplete.Code, incomplete.Body!["error"]!["fields"]!["password"] is not null).ShouldBe((HttpStatusCode.BadRequest, "00003001", true));
        using var client = world.Identity.As(Caller.Anonymous);
        using var malformed = await client.PostAsync(new Uri(path, UriKind.Relative), new StringContent("nonsense", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")));
        (await Answer.ReadAsync(malformed)).Code.ShouldBe("00003001");
    }

    [Theory]
    [InlineData("/api/v2/loginNoImageCaptcha")]
    [InlineData("/hypermotion/v1/users/token")]
    public async Task An_account_with_a_second_factor_gets_no_token_without_it(string path)
    {
        var user = await world.UserAsync(Roles.Operator);
        var totp = await world.EnrolledAsync(user);

        var half = await AskAsync(path, new { username = user.Username, password = IdentityWorld.Password });

        (half.Status, half.Code, half.Body!["data"]!["channel"]!.GetValue<string>(), half.Body["token"]).ShouldBe((HttpStatusCode.OK, "00003010", "totp", null));
        var mfaToken = half.Body["data"]!["mfa_token"]!.GetValue<string>();
        (await TokenAsync(mfaToken)).ShouldBeNull();
        (await AskAsync("/api/v2/loginMfa", new { mfa_token = mfaToken, code = "000000" })).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var whole = await AskAsync("/api/v2/loginMfa", new { mfa_token = mfaToken, code = world.CodeOf(totp) });
        (await TokenAsync(whole.Body!["data"]!["token"]!.GetValue<string>())).ShouldNotBeNull();
        world.Time.Advance(TimeSpan.FromSeconds(30));
        (await AskAsync("/api/v2/loginMfa", new { mfa_token = mfaToken, code = world.CodeOf(totp) })).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_renewing_token_works_once_and_a_second_use_ends_everything()
    {
        var user = await world.UserAsync(Roles.Operator);
        var first = (await AskAsync("/api/v2/loginNoImageCaptcha", new { username = user.Username, password = IdentityWorld.Password })).Body!["data"]!;
        var refresh = first["refresh_token"]!.GetValue<string>();

        var second = (await AskAsync("/api/v2/refreshToken", new { refresh_token = refresh })).Body!["data"]!;
        (await TokenAsync(second["token"]!.GetValue<string>())).ShouldNotBeNull();
        (await AskAsync("/api/v2/refreshToken", new { refresh_token = first["token"]!.GetValue<string>() })).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync("/api/v2/refreshToken", new { refresh_token = refresh })).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await TokenAsync(second["token"]!.GetValue<string>())).ShouldBeNull();
        (await AskAsync("/api/v2/refreshToken", new { refresh_token = second["refresh_token"]!.GetValue<string>() })).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Logging_out_ends_the_token_and_the_one_that_renews_it()
    {
        var user = await world.UserAsync(Roles.Operator);
        var data = (await AskAsync("/api/v2/loginNoImageCaptcha", new { username = user.Username, password = IdentityWorld.Password })).Body!["data"]!;
        var token = data["token"]!.GetValue<string>();

        (await AskAsync("/api/v2/logout", new { }, caller: await CallerAsync(token))).Code.ShouldBe("00000000");

        (await TokenAsync(token)).ShouldBeNull();
        (await AskAsync("/api/v2/refreshToken", new { refresh_token = data["refresh_token"]!.GetValue<string>() })).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync("/api/v2/logout", new { })).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_new_account_changes_its_password_with_a_token_that_can_do_nothing_else()
    {
        var user = await world.UserAsync(Roles.Operator, mustChange: true);
        var token = (await AskAsync("/hypermotion/v1/users/token", new { username = user.Username, password = IdentityWorld.Password })).Text("token")!;
        var caller = await CallerAsync(token);
        caller.Pending.ShouldBe("change_password");
        (await AskAsync("/api/v1/identity/me", new { nickname = "x" }, HttpMethod.Put, caller)).Status.ShouldBe(HttpStatusCode.Forbidden);

        var unlike = await AskAsync("/hypermotion/v1/users", new { old_password = IdentityWorld.Password, new_password = "Another-Horse-8", check_password = "Another-Horse-9" }, HttpMethod.Put, caller);
        var changed = await AskAsync("/hypermotion/v1/users", new { old_password = IdentityWorld.Password, new_password = "Another-Horse-8", check_password = "Another-Horse-8" }, HttpMethod.Put, caller);

        unlike.Body!["error"]!["fields"]!["check_password"].ShouldNotBeNull();
        (changed.Status, changed.Text("username")).ShouldBe((HttpStatusCode.OK, user.Username));
        world.Time.Advance(TimeSpan.FromSeconds(3));
        (await TokenAsync(token)).ShouldBeNull();
        (await TokenAsync((await AskAsync("/hypermotion/v1/users/token", new { username = user.Username, password = "Another-Horse-8" })).Text("token")))!.Pending.ShouldBe("");
    }

    [Fact]
    public async Task An_administrator_without_a_second_factor_gets_a_token_that_can_do_nothing()
    {
        var user = await world.UserAsync(Roles.TenantAdmin);

        var token = (await AskAsync("/hypermotion/v1/users/token", new { username = user.Username, password = IdentityWorld.Password })).Text("token")!;

        (await TokenAsync(token))!.Pending.ShouldBe("enrol_totp");
        (await AskAsync("/hypermotion/v1/users", new { }, HttpMethod.Put, await CallerAsync(token))).Status.ShouldBe(HttpStatusCode.Forbidden);
    }
}
