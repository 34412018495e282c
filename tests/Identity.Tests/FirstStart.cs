using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class FirstStart(IdentityWorld world)
{
    private static string FileIn(string home) => Path.Combine(home, "secrets", "first-admin-password");

    [Fact]
    public async Task The_first_start_makes_one_administrator_and_the_second_changes_nothing()
    {
        var home = Directory.CreateTempSubdirectory("hyperbdr-identity-").FullName;
        var database = await world.Servers.NewDatabaseAsync("identity", CancellationToken.None);

        // Two at once, as when a supervisor restarts one too early.
        await using (var first = await world.StartAsync(home, database, world.Redis))
        await using (var second = await world.StartAsync(home, database, world.Redis))
        {
            var password = (await File.ReadAllTextAsync(FileIn(home))).Trim();
            password.Length.ShouldBe(20);
            PasswordRules.Broken(password, "admin").ShouldBeEmpty();
            File.GetUnixFileMode(FileIn(home)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            (await world.InDatabaseAsync((db, _) => db.Users.IgnoreQueryFilters().Select(u => u.Username).ToListAsync(), second)).ShouldBe(["admin"]);

            var browser = world.NewBrowser("portal", second);
            (await browser.SignInAsync("admin", password)).Text("state").ShouldBe("change_password");
            (await browser.PostAsync("/session/password", new { old_password = password, new_password = "Another-Horse-8" })).Text("state").ShouldBe("enrol_totp");
        }

        File.Exists(FileIn(home)).ShouldBeFalse();
        await using (var third = await world.StartAsync(home, database, world.Redis))
        {
            File.Exists(FileIn(home)).ShouldBeFalse();
            (await world.NewBrowser("portal", third).SignInAsync("admin", "Another-Horse-8")).Text("state").ShouldBe("enrol_totp");
        }

        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task A_kill_between_the_file_and_the_account_leaves_a_password_that_works()
    {
        var home = Directory.CreateTempSubdirectory("hyperbdr-identity-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "secrets"));
        var password = PasswordRules.Random();
        await File.WriteAllTextAsync(FileIn(home), password + "\n");

        await using (var identity = await world.StartAsync(home, await world.Servers.NewDatabaseAsync("identity", CancellationToken.None), world.Redis))
        {
            (await world.NewBrowser("portal", identity).SignInAsync("admin", password)).Text("state").ShouldBe("change_password");
            (await world.InDatabaseAsync((db, _) => db.Users.IgnoreQueryFilters().SingleAsync(), identity)).Role.ShouldBe(Roles.PlatformAdmin);
        }

        Directory.Delete(home, recursive: true);
    }
}
