using System.Net;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class SigningIn(IdentityWorld world)
{
    [Fact]
    public async Task A_right_password_opens_a_session_with_two_cookies()
    {
        var user = await world.UserAsync(Roles.Operator);
        var browser = world.NewBrowser();

        var answer = await browser.SignInAsync(user.Username.ToUpperInvariant(), IdentityWorld.Password);

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Text("state").ShouldBe("signed_in");
        answer.Body!["user"]!["role"]!.GetValue<string>().ShouldBe(Roles.Operator);
        answer.Body["user"]!["permissions"]!.AsArray().Select(p => p!.GetValue<string>()).ShouldBe(Permissions.Matrix[Roles.Operator], ignoreOrder: true);
        browser.CookieForms["__Host-hyperbdr-console"].ToLowerInvariant().ShouldBe("; path=/; secure; samesite=strict; httponly");
        browser.CookieForms["hyperbdr-csrf-console"].ToLowerInvariant().ShouldBe("; path=/; secure; samesite=strict");
        (await browser.GetAsync("/session")).Text("state").ShouldBe("signed_in");
        var entry = await world.EventAsync<CallRecorded>(e => e.Action == "identity.sessions.create" && e.ActorId == user.Id);
        entry.Outcome.ShouldBe(CallOutcome.Accepted);
        entry.TenantId.ShouldBe(user.TenantId);
    }

    [Fact]
    public async Task The_anti_forgery_value_is_the_sessions_own()
    {
        var one = await world.SignedInAsync(await world.UserAsync(Roles.ReadOnly));
        var two = await world.SignedInAsync(await world.UserAsync(Roles.ReadOnly));

        var (first, second) = ((await one.PrincipalAsync())!.CsrfToken, (await two.PrincipalAsync())!.CsrfToken);

        first.ShouldBe(one.Cookies["hyperbdr-csrf-console"]);
        first.Length.ShouldBeGreaterThan(40);
        second.ShouldNotBe(first);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_get_the_same_answer()
    {
        var user = await world.UserAsync(Roles.Operator);

        var wrong = await world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7");
        var unknown = await world.NewBrowser().SignInAsync(world.Name("nobody"), "Wrong-Horse-7");

        wrong.Status.ShouldBe(HttpStatusCode.Unauthorized);
        unknown.Status.ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var answer in (Answer[])[wrong, unknown]) answer.Body!.AsObject().Remove("trace_id");
        wrong.Body!.ToJsonString().ShouldBe(unknown.Body!.ToJsonString());
        wrong.Code.ShouldBe("identity.session.wrong");
        wrong.Message.Headers.Contains("Set-Cookie").ShouldBeFalse();
        var entry = await world.EventAsync<CallRecorded>(e => e.Action == "identity.sessions.create" && e.ResourceId == user.Id);
        (entry.Outcome, entry.ActorId, entry.TenantId).ShouldBe((CallOutcome.Denied, null, user.TenantId));
        (await world.EventAsync<CallRecorded>(e => e.Action == "identity.sessions.create" && e.ResourceId == null && e.Code == "identity.session.wrong")).TenantId.ShouldBe(Tenants.Platform);
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        var answer = await world.NewBrowser().PostAsync("/session", new { username = "" });

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Code.ShouldBe("request.validation");
        answer.Body!["errors"]!["username"].ShouldNotBeNull();
        answer.Body["errors"]!["password"].ShouldNotBeNull();
    }

    [Theory]
    [InlineData(Roles.Operator, "portal")]
    [InlineData(Roles.PlatformAdmin, "console")]
    public async Task The_other_surface_is_told_only_to_who_knows_the_password(string role, string surface)
    {
        var user = await world.UserAsync(role);

        (await world.NewBrowser(surface).SignInAsync(user.Username, "Wrong-Horse-7")).Code.ShouldBe("identity.session.wrong");
        var answer = await world.NewBrowser(surface).SignInAsync(user.Username, IdentityWorld.Password);

        (answer.Status, answer.Code).ShouldBe((HttpStatusCode.Forbidden, "identity.session.wrong_surface"));
    }

    [Fact]
    public async Task A_session_of_the_console_is_none_of_the_portal()
    {
        var browser = await world.SignedInAsync(await world.UserAsync(Roles.Operator));

        (await IdentityWorld.ResolveAsync(world.Identity, Contracts.Identity.V1.ResolveRequest.Types.Kind.Session, browser.Token!, "console")).ShouldNotBeNull();
        (await IdentityWorld.ResolveAsync(world.Identity, Contracts.Identity.V1.ResolveRequest.Types.Kind.Session, browser.Token!, "portal")).ShouldBeNull();
        (await IdentityWorld.ResolveAsync(world.Identity, Contracts.Identity.V1.ResolveRequest.Types.Kind.ApiToken, browser.Token!, "console")).ShouldBeNull();
    }

    [Fact]
    public async Task A_new_password_must_be_set_before_anything_else()
    {
        var user = await world.UserAsync(Roles.Operator, mustChange: true);
        var browser = world.NewBrowser();

        (await browser.SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("change_password");
        var before = browser.Token;
        (await browser.SendAsync(HttpMethod.Put, "/me", new { nickname = "x" })).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await browser.PostAsync("/me/totp")).Code.ShouldBe("identity.session.other_step");
        (await browser.PostAsync("/session/password", new { old_password = IdentityWorld.Password, new_password = IdentityWorld.Password })).Body!["errors"]!["new_password"].ShouldNotBeNull();
        (await browser.PostAsync("/session/password", new { old_password = "Wrong-Horse-7", new_password = "Another-Horse-8" })).Body!["errors"]!["old_password"].ShouldNotBeNull();
        (await browser.PostAsync("/session/password", new { old_password = IdentityWorld.Password, new_password = "short" })).Body!["errors"]!["new_password"].ShouldNotBeNull();
        var changed = await browser.PostAsync("/session/password", new { old_password = IdentityWorld.Password, new_password = "Another-Horse-8" });

        changed.Text("state").ShouldBe("signed_in");
        browser.Token.ShouldNotBe(before);
        (await browser.SendAsync(HttpMethod.Put, "/me", new { nickname = "x" })).Status.ShouldBe(HttpStatusCode.OK);
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await world.NewBrowser().SignInAsync(user.Username, "Another-Horse-8")).Text("state").ShouldBe("signed_in");
        await world.EventAsync<UserChanged>(e => e.UserId == user.Id && e.Change == "password_changed");
    }

    [Fact]
    public async Task A_changed_password_ends_the_other_sessions()
    {
        var user = await world.UserAsync(Roles.Operator);
        var (here, there) = (await world.SignedInAsync(user), await world.SignedInAsync(user));

        (await here.PostAsync("/session/password", new { old_password = IdentityWorld.Password, new_password = "Another-Horse-8" })).Status.ShouldBe(HttpStatusCode.OK);

        (await here.GetAsync("/session")).Status.ShouldBe(HttpStatusCode.OK);
        world.Time.Advance(TimeSpan.FromSeconds(3));
        (await there.GetAsync("/session")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_at_once()
    {
        var browser = await world.SignedInAsync(await world.UserAsync(Roles.Operator));
        var token = browser.Token!;

        (await browser.SendAsync(HttpMethod.Delete, "/session")).Status.ShouldBe(HttpStatusCode.NoContent);

        browser.Token.ShouldBeNull();
        (await IdentityWorld.ResolveAsync(world.Identity, Contracts.Identity.V1.ResolveRequest.Types.Kind.Session, token, "console")).ShouldBeNull();
    }

    [Fact]
    public async Task The_account_is_refused_when_it_or_its_tenant_is_disabled()
    {
        var user = await world.UserAsync(Roles.Operator);
        await world.InDatabaseAsync((db, _) => db.Tenants.Where(t => t.Id == user.TenantId).ExecuteUpdateAsync(s => s.SetProperty(t => t.Enabled, false)));

        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Code.ShouldBe("identity.session.disabled");
        (await world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7")).Code.ShouldBe("identity.session.wrong");
    }
}
