using System.Net;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using OtpNet;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class SecondFactors(IdentityWorld world)
{
    [Theory]
    [InlineData(Roles.TenantAdmin, "console")]
    [InlineData(Roles.PlatformAdmin, "portal")]
    public async Task An_administrator_must_enrol_one_before_anything_else(string role, string surface)
    {
        var user = await world.UserAsync(role);
        var browser = world.NewBrowser(surface);

        (await browser.SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("enrol_totp");
        (await browser.GetAsync("/users")).Status.ShouldBe(HttpStatusCode.Forbidden);
        var begun = await browser.PostAsync("/me/totp");
        var secret = begun.Text("secret")!;
        begun.Text("otpauth_uri").ShouldBe($"otpauth://totp/HyperBdr:{user.Username}?secret={secret}&issuer=HyperBdr&algorithm=SHA1&digits=6&period=30");
        (await browser.PostAsync("/me/totp/confirm", new { code = "000000" })).Body!["errors"]!["code"].ShouldNotBeNull();
        var totp = new Totp(Base32Encoding.ToBytes(secret));
        var confirmed = await browser.PostAsync("/me/totp/confirm", new { code = world.CodeOf(totp) });

        confirmed.Body!["recovery_codes"]!.AsArray().Select(c => c!.GetValue<string>()).Distinct(StringComparer.Ordinal).Count().ShouldBe(10);
        (await browser.GetAsync("/session")).Text("state").ShouldBe("signed_in");
        (await browser.GetAsync("/users")).Status.ShouldBe(HttpStatusCode.OK);
        await world.EventAsync<UserChanged>(e => e.UserId == user.Id && e.Change == "mfa_enabled");
        (await browser.SendAsync(HttpMethod.Delete, "/me/totp", new { password = IdentityWorld.Password })).Code.ShouldBe("identity.totp.needed");
    }

    [Fact]
    public async Task A_password_alone_opens_nothing_of_an_enrolled_account()
    {
        var user = await world.UserAsync(Roles.Operator);
        var totp = await world.EnrolledAsync(user);
        var browser = world.NewBrowser();

        var half = await browser.SignInAsync(user.Username, IdentityWorld.Password);

        half.Text("state").ShouldBe("totp_required");
        half.Body!["user"].ShouldBeNull();
        foreach (var (method, path) in new[] { (HttpMethod.Put, "/me"), (HttpMethod.Get, "/users"), (HttpMethod.Delete, "/me/totp") })
            (await browser.SendAsync(method, path, method == HttpMethod.Get ? null : new { password = IdentityWorld.Password })).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await browser.PostAsync("/me/totp")).Code.ShouldBe("identity.session.other_step");
        (await browser.PostAsync("/session/password", new { old_password = IdentityWorld.Password, new_password = "Another-Horse-8" })).Code.ShouldBe("identity.session.other_step");
        var halfToken = browser.Token;
        (await browser.PostAsync("/session/totp", new { code = world.CodeOf(totp) })).Text("state").ShouldBe("signed_in");
        browser.Token.ShouldNotBe(halfToken);
        (await IdentityWorld.ResolveAsync(world.Identity, Contracts.Identity.V1.ResolveRequest.Types.Kind.Session, halfToken!, "console")).ShouldBeNull();
    }

    [Fact]
    public async Task A_code_works_once()
    {
        var user = await world.UserAsync(Roles.Operator);
        var totp = await world.EnrolledAsync(user);
        var code = world.CodeOf(totp);
        await world.SignedInAsync(user, totp);
        var again = world.NewBrowser();
        await again.SignInAsync(user.Username, IdentityWorld.Password);

        (await again.PostAsync("/session/totp", new { code })).Code.ShouldBe("identity.session.wrong_code");
        world.Time.Advance(TimeSpan.FromSeconds(30));
        (await again.PostAsync("/session/totp", new { code })).Code.ShouldBe("identity.session.wrong_code");
        (await again.PostAsync("/session/totp", new { code = world.CodeOf(totp) })).Text("state").ShouldBe("signed_in");
    }

    [Fact]
    public async Task Of_two_at_once_with_the_same_code_one_comes_in()
    {
        var user = await world.UserAsync(Roles.Operator);
        var totp = await world.EnrolledAsync(user);
        var browsers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            var browser = world.NewBrowser();
            await browser.SignInAsync(user.Username, IdentityWorld.Password);
            return browser;
        }));

        var answers = await Task.WhenAll(browsers.Select(b => b.PostAsync("/session/totp", new { code = world.CodeOf(totp) })));

        answers.Count(a => a.Status == HttpStatusCode.OK).ShouldBe(1);
    }

    [Theory]
    [InlineData(-30, true)]
    [InlineData(30, true)]
    [InlineData(-90, false)]
    [InlineData(90, false)]
    public async Task A_clock_may_differ_by_one_step(int seconds, bool accepted)
    {
        var user = await world.UserAsync(Roles.Operator);
        var totp = await world.EnrolledAsync(user);
        var browser = world.NewBrowser();
        await browser.SignInAsync(user.Username, IdentityWorld.Password);

        var answer = await browser.PostAsync("/session/totp", new { code = totp.ComputeTotp(world.Time.GetUtcNow().UtcDateTime.AddSeconds(seconds)) });

        (answer.Status == HttpStatusCode.OK).ShouldBe(accepted);
    }

    [Fact]
    public async Task A_recovery_code_works_once()
    {
        var user = await world.UserAsync(Roles.Operator);
        var browser = await world.SignedInAsync(user);
        var totp = new Totp(Base32Encoding.ToBytes((await browser.PostAsync("/me/totp")).Text("secret")!));
        var codes = (await browser.PostAsync("/me/totp/confirm", new { code = world.CodeOf(totp) })).Body!["recovery_codes"]!.AsArray();
        var (one, two) = (world.NewBrowser(), world.NewBrowser());
        await one.SignInAsync(user.Username, IdentityWorld.Password);
        await two.SignInAsync(user.Username, IdentityWorld.Password);

        (await one.PostAsync("/session/totp", new { code = codes[3]!.GetValue<string>() })).Text("state").ShouldBe("signed_in");
        (await two.PostAsync("/session/totp", new { code = codes[3]!.GetValue<string>() })).Code.ShouldBe("identity.session.wrong_code");
        (await two.PostAsync("/session/totp", new { code = codes[4]!.GetValue<string>().ToUpperInvariant() })).Text("state").ShouldBe("signed_in");
    }

    [Fact]
    public async Task Who_is_no_administrator_may_give_it_up_with_the_password()
    {
        var user = await world.UserAsync(Roles.Operator);
        var browser = await world.SignedInAsync(user, await world.EnrolledAsync(user));

        (await browser.SendAsync(HttpMethod.Delete, "/me/totp", new { password = "Wrong-Horse-7" })).Body!["errors"]!["password"].ShouldNotBeNull();
        (await browser.SendAsync(HttpMethod.Delete, "/me/totp", new { password = IdentityWorld.Password })).Status.ShouldBe(HttpStatusCode.NoContent);

        (await browser.GetAsync("/session")).Text("state").ShouldBe("signed_in");
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");
    }
}
