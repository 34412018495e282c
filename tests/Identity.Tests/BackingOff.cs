using System.Net;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Credentials;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class BackingOff(IdentityWorld world)
{
    [Fact]
    public async Task Ten_failures_make_even_the_right_password_wait()
    {
        var user = await world.UserAsync(Roles.Operator);
        for (var i = 0; i < BackOff.PerAccount; i++)
            (await world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7")).Status.ShouldBe(HttpStatusCode.Unauthorized);

        var refused = await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password);

        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.TooManyRequests, "identity.session.backoff"));
        refused.Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(1));
        (await world.EventAsync<UserChanged>(e => e.UserId == user.Id && e.Change == "locked")).TenantId.ShouldBe(user.TenantId);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        (await world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(2));
        world.Time.Advance(TimeSpan.FromMinutes(2));
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");
        (await world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_counted_alike()
    {
        var nobody = world.Name("nobody");
        await FailedAsync(nobody, BackOff.PerAccount - 1);
        (await world.NewBrowser().SignInAsync(nobody, "Wrong-Horse-7")).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await world.NewBrowser().SignInAsync(nobody, "Wrong-Horse-7")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Parallel_guesses_do_not_pass_together()
    {
        var user = await world.UserAsync(Roles.Operator);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7")));

        answers.Count(a => a.Status == HttpStatusCode.Unauthorized).ShouldBe(BackOff.PerAccount);
        answers.Count(a => a.Status == HttpStatusCode.TooManyRequests).ShouldBe(20 - BackOff.PerAccount);
    }

    [Fact]
    public async Task Wrong_codes_count_and_a_right_password_does_not_forget_them()
    {
        var user = await world.UserAsync(Roles.Operator);
        var totp = await world.EnrolledAsync(user);
        await FailedAsync(user.Username, BackOff.PerAccount - 3);
        for (var i = 0; i < 3; i++)
        {
            var browser = world.NewBrowser();
            (await browser.SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("totp_required");
            (await browser.PostAsync("/session/totp", new { code = "abcd-abcd-abcd-abcd" })).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        (await world.SignedInAsync(user, totp)).Token.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_hundred_failures_close_an_address_for_the_rest_of_the_hour()
    {
        const string address = "2001:db8::bad";
        var user = await world.UserAsync(Roles.Operator);
        await CountedAsync($"address:{address}", BackOff.PerAddress - 1);
        var bad = new Browser(world.Identity, "console", address);

        (await bad.SignInAsync(world.Name("nobody"), "Wrong-Horse-7")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var refused = await bad.SignInAsync(user.Username, IdentityWorld.Password);

        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromHours(1));
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");
        world.Time.Advance(TimeSpan.FromHours(1));
        (await bad.SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");
    }

    [Fact]
    public async Task An_administrator_lets_somebody_try_again_at_once()
    {
        var user = await world.UserAsync(Roles.Operator);
        using var admin = world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.TenantAdmin, user.TenantId)));
        await FailedAsync(user.Username, BackOff.PerAccount - 1);
        await world.NewBrowser().SignInAsync(user.Username, "Wrong-Horse-7");
        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Status.ShouldBe(HttpStatusCode.TooManyRequests);

        (await Calls.AskAsync(admin, HttpMethod.Post, $"/users/{user.Id}/enable")).Status.ShouldBe(HttpStatusCode.OK);

        (await world.NewBrowser().SignInAsync(user.Username, IdentityWorld.Password)).Text("state").ShouldBe("signed_in");
    }

    [Fact]
    public async Task The_present_password_is_not_guessed_through_its_change()
    {
        var user = await world.UserAsync(Roles.Operator);
        var browser = await world.SignedInAsync(user);
        await FailedAsync(user.Username, BackOff.PerAccount - 2);
        for (var i = 0; i < 2; i++)
            (await browser.PostAsync("/session/password", new { old_password = "Wrong-Horse-7", new_password = "Another-Horse-8" })).Status.ShouldBe(HttpStatusCode.BadRequest);

        (await browser.PostAsync("/session/password", new { old_password = IdentityWorld.Password, new_password = "Another-Horse-8" })).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    private Task<int> FailedAsync(string username, int failures) => CountedAsync($"account:{username.ToLowerInvariant()}", failures);

    /// <summary>Writes failures as they are counted, so that a test does not derive a key for each.</summary>
    private Task<int> CountedAsync(string what, int failures)
    {
        var (key, forget) = (Tokens.HashOf(what), world.Time.GetUtcNow() + TimeSpan.FromHours(1));
        return world.InDatabaseAsync((db, _) => db.Database.ExecuteSqlAsync($"insert into sign_in_attempts (key, failures, forget_at) values ({key}, {failures}, {forget})"));
    }
}
