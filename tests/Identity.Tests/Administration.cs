using System.Net;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class Administration(IdentityWorld world)
{
    private const string Password = "Correct-Horse-7";

    private async Task<HttpClient> PlatformAsync() => world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.PlatformAdmin)));

    private async Task<(HttpClient Client, User User)> TenantAdminAsync(Guid? tenant = null)
    {
        var user = await world.UserAsync(Roles.TenantAdmin, tenant);
        return (world.Identity.As(IdentityWorld.CallerOf(user)), user);
    }

    [Fact]
    public async Task A_tenant_comes_with_its_first_administrator()
    {
        using var platform = await PlatformAsync();
        var (name, admin) = (world.Name("Acme"), world.Name("boss"));

        var made = await Calls.AskAsync(platform, HttpMethod.Post, "/tenants", new { name, scene = "dr", admin = new { username = admin, password = Password, email = "boss@acme.example" } });

        made.Status.ShouldBe(HttpStatusCode.Created);
        (made.Text("name"), made.Text("scene"), made.Text("enabled"), made.Text("users")).ShouldBe((name, "dr", "true", "1"));
        (await world.NewBrowser().SignInAsync(admin, Password)).Text("state").ShouldBe("change_password");
        await world.EventAsync<TenantCreated>(e => e.NewTenantId == made.Id);
        (await Calls.AskAsync(platform, HttpMethod.Post, "/tenants", new { name = name.ToUpperInvariant(), scene = "dr" })).Code.ShouldBe("identity.tenant.name_taken");
        var half = await Calls.AskAsync(platform, HttpMethod.Post, "/tenants", new { name = world.Name("Acme"), scene = "dr", admin = new { username = admin, password = Password } });
        (half.Status, half.Body!["errors"]!["admin.username"] is not null).ShouldBe((HttpStatusCode.Conflict, true));
        var listed = await Calls.AskAsync(platform, HttpMethod.Get, $"/tenants?q={name}");
        listed.Body!["items"]!.AsArray().Select(t => t!["name"]!.GetValue<string>()).ShouldBe([name]);
        (await Calls.AskAsync(platform, HttpMethod.Put, $"/tenants/{made.Id}", new { name = $"{name} Ltd" })).Text("name").ShouldBe($"{name} Ltd");
    }

    [Fact]
    public async Task The_platform_itself_is_no_tenant_to_change()
    {
        using var platform = await PlatformAsync();

        (await Calls.AskAsync(platform, HttpMethod.Post, $"/tenants/{Tenants.Platform}/disable")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Calls.AskAsync(platform, HttpMethod.Get, "/tenants?page_size=500")).Body!["items"]!.AsArray().ShouldNotContain(t => t!["id"]!.GetValue<string>() == Tenants.Platform.ToString());
    }

    [Fact]
    public async Task A_tenant_administrator_makes_users_who_change_their_password_first()
    {
        var (client, admin) = await TenantAdminAsync();
        var name = world.Name("new");

        var made = await Calls.AskAsync(client, HttpMethod.Post, "/users", new { username = name, password = Password, role = Roles.Operator, nickname = "N", email = "n@x.example", language = "zh" });

        made.Status.ShouldBe(HttpStatusCode.Created);
        (made.Text("tenant_id"), made.Text("role"), made.Text("nickname"), made.Text("language"), made.Text("must_change_password")).ShouldBe((admin.TenantId.ToString(), Roles.Operator, "N", "zh", "true"));
        await world.EventAsync<UserCreated>(e => e.UserId == made.Id);
        (await Calls.AskAsync(client, HttpMethod.Post, "/users", new { username = name.ToUpperInvariant(), password = Password, role = Roles.Operator })).Code.ShouldBe("identity.user.name_taken");
        var forbidden = await Calls.AskAsync(client, HttpMethod.Post, "/users", new { username = world.Name("new"), password = Password, role = Roles.PlatformAdmin });
        (forbidden.Status, forbidden.Code).ShouldBe((HttpStatusCode.Forbidden, "identity.user.role_forbidden"));
        (await Calls.AskAsync(client, HttpMethod.Put, $"/users/{made.Id}", new { role = Roles.PlatformAdmin })).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await Calls.AskAsync(client, HttpMethod.Put, $"/users/{made.Id}", new { role = Roles.Auditor, nickname = "" })).Text("role").ShouldBe(Roles.Auditor);
        (await Calls.AskAsync(client, HttpMethod.Get, $"/users/{made.Id}")).Body!["nickname"].ShouldBeNull();
        (await Calls.AskAsync(client, HttpMethod.Delete, $"/users/{made.Id}")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await Calls.AskAsync(client, HttpMethod.Get, $"/users/{made.Id}")).Status.ShouldBe(HttpStatusCode.NotFound);
        client.Dispose();
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        var (client, _) = await TenantAdminAsync();

        var answer = await Calls.AskAsync(client, HttpMethod.Post, "/users", new { username = "a b", password = "short", role = "king", nickname = new string('x', 65), email = "nowhere", language = "fr" });

        (answer.Status, answer.Code).ShouldBe((HttpStatusCode.BadRequest, "request.validation"));
        answer.Body!["errors"]!.AsObject().Select(e => e.Key).ShouldBe(["username", "password", "role", "nickname", "email", "language"], ignoreOrder: true);
        client.Dispose();
    }

    [Fact]
    public async Task Another_tenants_users_and_keys_do_not_exist()
    {
        var (client, _) = await TenantAdminAsync();
        var stranger = await world.UserAsync(Roles.Operator);
        var (other, _) = await TenantAdminAsync(stranger.TenantId);
        var key = await Calls.AskAsync(other, HttpMethod.Post, "/access-keys", new { user_id = stranger.Id, description = "k" });

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, $"/users/{stranger.Id}"), (HttpMethod.Put, $"/users/{stranger.Id}"), (HttpMethod.Delete, $"/users/{stranger.Id}"),
            (HttpMethod.Post, $"/users/{stranger.Id}/enable"), (HttpMethod.Post, $"/users/{stranger.Id}/disable"), (HttpMethod.Post, $"/users/{stranger.Id}/reset-password"),
            (HttpMethod.Post, $"/users/{stranger.Id}/reset-totp"), (HttpMethod.Post, $"/access-keys/{key.Id}/reveal"), (HttpMethod.Post, $"/access-keys/{key.Id}/disable"),
            (HttpMethod.Post, $"/access-keys/{key.Id}/enable"), (HttpMethod.Delete, $"/access-keys/{key.Id}"),
        })
            (await Calls.AskAsync(client, method, path, method == HttpMethod.Get ? null : new { new_password = Password })).Status.ShouldBe(HttpStatusCode.NotFound, $"{method} {path}");

        (await Calls.AskAsync(client, HttpMethod.Post, "/users", new { username = world.Name("x"), password = Password, role = Roles.Operator, tenant_id = stranger.TenantId })).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Calls.AskAsync(client, HttpMethod.Post, "/access-keys", new { user_id = stranger.Id })).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Calls.AskAsync(client, HttpMethod.Get, $"/users?tenant_id={stranger.TenantId}")).Text("total").ShouldBe("0");
        (await Calls.AskAsync(client, HttpMethod.Get, $"/access-keys?user_id={stranger.Id}")).Text("total").ShouldBe("0");
        client.Dispose();
        other.Dispose();
    }

    [Fact]
    public async Task The_platform_administrator_keeps_users_of_every_tenant_but_sees_no_tenants_secret()
    {
        using var platform = await PlatformAsync();
        var user = await world.UserAsync(Roles.Operator);
        var (admin, _) = await TenantAdminAsync(user.TenantId);
        var key = await Calls.AskAsync(admin, HttpMethod.Post, "/access-keys", new { user_id = user.Id });

        (await Calls.AskAsync(platform, HttpMethod.Get, $"/users?tenant_id={user.TenantId}")).Text("total").ShouldBe("2");
        (await Calls.AskAsync(platform, HttpMethod.Post, "/users", new { username = world.Name("x"), password = Password, role = Roles.Operator, tenant_id = user.TenantId })).Status.ShouldBe(HttpStatusCode.Created);
        (await Calls.AskAsync(platform, HttpMethod.Post, "/users", new { username = world.Name("x"), password = Password, role = Roles.Operator })).Body!["errors"]!["tenant_id"].ShouldNotBeNull();
        (await Calls.AskAsync(platform, HttpMethod.Post, "/users", new { username = world.Name("x"), password = Password, role = Roles.PlatformAdmin, tenant_id = user.TenantId })).Body!["errors"]!["role"].ShouldNotBeNull();
        (await Calls.AskAsync(platform, HttpMethod.Post, $"/access-keys/{key.Id}/reveal")).Code.ShouldBe("identity.access_key.foreign_secret");
        (await Calls.AskAsync(platform, HttpMethod.Post, "/access-keys", new { user_id = user.Id })).Code.ShouldBe("identity.access_key.foreign_secret");
        (await Calls.AskAsync(platform, HttpMethod.Post, $"/access-keys/{key.Id}/disable")).Text("enabled").ShouldBe("false");
        admin.Dispose();
    }

    [Fact]
    public async Task The_last_administrator_of_a_tenant_stays()
    {
        using var platform = await PlatformAsync();
        var only = await world.UserAsync(Roles.TenantAdmin);

        foreach (var (method, path, body) in new (HttpMethod, string, object?)[] { (HttpMethod.Post, "/disable", null), (HttpMethod.Delete, "", null), (HttpMethod.Put, "", new { role = Roles.Operator }) })
        {
            var answer = await Calls.AskAsync(platform, method, $"/users/{only.Id}{path}", body);
            (answer.Status, answer.Code).ShouldBe((HttpStatusCode.Conflict, "identity.user.last_admin"));
        }

        await world.UserAsync(Roles.TenantAdmin, only.TenantId);
        (await Calls.AskAsync(platform, HttpMethod.Put, $"/users/{only.Id}", new { role = Roles.Operator })).Text("role").ShouldBe(Roles.Operator);
    }

    [Fact]
    public async Task Administrators_who_remove_each_other_at_once_leave_one()
    {
        using var platform = await PlatformAsync();
        for (var round = 0; round < 5; round++)
        {
            var tenant = (await world.TenantAsync()).Id;
            var admins = new List<User>();
            for (var i = 0; i < 4; i++) admins.Add(await world.UserAsync(Roles.TenantAdmin, tenant));

            var answers = await Task.WhenAll(admins.Select((a, i) => i % 2 == 0
                ? Calls.AskAsync(platform, HttpMethod.Post, $"/users/{a.Id}/disable")
                : Calls.AskAsync(platform, HttpMethod.Put, $"/users/{a.Id}", new { role = Roles.Operator })));

            answers.ShouldAllBe(a => a.Status == HttpStatusCode.OK || a.Status == HttpStatusCode.Conflict);
            var left = await world.InDatabaseAsync((db, _) => db.Users.IgnoreQueryFilters().CountAsync(u => u.TenantId == tenant && u.Role == Roles.TenantAdmin && u.Enabled));
            left.ShouldBe(4 - answers.Count(a => a.Status == HttpStatusCode.OK));
            left.ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task Nobody_disables_or_resets_the_own_account()
    {
        var (client, self) = await TenantAdminAsync();
        await world.UserAsync(Roles.TenantAdmin, self.TenantId);

        foreach (var path in (string[])["disable", "reset-password", "reset-totp"])
            (await Calls.AskAsync(client, HttpMethod.Post, $"/users/{self.Id}/{path}", new { new_password = Password })).Code.ShouldBe("identity.user.self");
        client.Dispose();
    }

    [Fact]
    public async Task A_disabled_tenant_comes_back_as_it_was()
    {
        using var platform = await PlatformAsync();
        var user = await world.UserAsync(Roles.Operator);

        (await Calls.AskAsync(platform, HttpMethod.Post, $"/tenants/{user.TenantId}/disable")).Text("enabled").ShouldBe("false");
        (await world.NewBrowser().SignInAsync(user.Username, Password)).Code.ShouldBe("identity.session.disabled");
        (await Calls.AskAsync(platform, HttpMethod.Post, $"/tenants/{user.TenantId}/enable")).Text("enabled").ShouldBe("true");
        (await world.NewBrowser().SignInAsync(user.Username, Password)).Text("state").ShouldBe("signed_in");
        await world.EventAsync<TenantStatusChanged>(e => e.ChangedTenantId == user.TenantId && e.Enabled);
    }
}
