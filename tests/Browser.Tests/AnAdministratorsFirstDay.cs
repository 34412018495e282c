using HyperBdr.Fixtures.Suite;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace HyperBdr.Browser.Tests;

[Collection(SuiteCollection.Name)]
public sealed class AnAdministratorsFirstDay(RunningSuite suite)
{
    private const string InitialPassword = "Start-1nitial-Pass";
    private const string OwnPassword = "My-0wn-long-password";

    [Fact]
    public async Task Sign_in_add_a_pool_watch_its_task_see_the_entry_arrive_and_export_it()
    {
        await suite.Administrator.OkAsync(HttpMethod.Post, "/api/v1/identity/tenants", new { name = "firstday", scene = "all", admin = new { username = "firstday.admin", password = InitialPassword } });
        await using var browsing = await Browsing.OpenAsync();
        var page = await browsing.PageAsync();

        await FirstSignInAsync(page);
        await Browsing.LiveAsync(page);

        await AddPoolAsync(page, "alpha");
        await Expect(page.Locator("[data-testid=pool-drawer] [data-testid=pool-state] [data-state=available]")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.Locator("[data-testid=probe-result][data-state=passed] li[data-state=passed]")).ToHaveCountAsync(6);

        var trail = await page.Context.NewPageAsync();
        await trail.GotoAsync(new Uri(suite.Console, "/operations/event-logs").ToString());
        await Browsing.LiveAsync(trail);
        await Expect(trail.GetByText("alpha").First).ToBeVisibleAsync();
        await Expect(trail.GetByText("beta")).ToHaveCountAsync(0);
        await AddPoolAsync(page, "beta");
        // No reload: the entry comes over the live line.
        await Expect(trail.GetByText("beta").First).ToBeVisibleAsync();

        await trail.GetByTestId("verify-chain").ClickAsync();
        await Expect(trail.GetByTestId("chain-verdict")).ToBeVisibleAsync();
        await trail.Keyboard.PressAsync("Escape");
        await Expect(trail.GetByTestId("chain-verdict")).ToBeHiddenAsync();

        var text = await ExportAsync(trail);
        text.ShouldContain("storplus.pools.register");
        text.ShouldContain("beta");
        browsing.Complaints.ShouldBeEmpty();
    }

    private async Task FirstSignInAsync(IPage page)
    {
        await page.GotoAsync(suite.Console.ToString());
        await page.GetByTestId("username").FillAsync("firstday.admin");
        await page.GetByTestId("password").FillAsync(InitialPassword);
        await page.GetByTestId("sign-in").ClickAsync();

        await page.GetByTestId("signin-change_password").WaitForAsync();
        await page.GetByLabel("Current password").FillAsync(InitialPassword);
        await page.GetByLabel("New password", new() { Exact = true }).FillAsync(OwnPassword);
        await page.GetByLabel("New password again").FillAsync(OwnPassword);
        await page.Locator("[data-testid=signin-change_password] button[type=submit]").ClickAsync();

        var secret = await page.GetByTestId("totp-secret").TextContentAsync();
        await page.GetByLabel("six digits").FillAsync(Totp.Code(secret!.Replace(" ", "", StringComparison.Ordinal)));
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();
        await Expect(page.GetByTestId("recovery-codes").Locator("li")).ToHaveCountAsync(10);
        await page.GetByLabel("I have kept the recovery codes").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.GetByTestId("user-menu").WaitForAsync();
    }

    private async Task AddPoolAsync(IPage page, string name)
    {
        await page.GotoAsync(new Uri(suite.Console, "/configuration/object-storage").ToString());
        await page.GetByTestId("add-pool").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByText("Folder", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Path").FillAsync(name);
        await page.GetByTestId("submit").ClickAsync();
        await page.GetByTestId("pool-drawer").WaitForAsync();
    }

    private static async Task<string> ExportAsync(IPage trail)
    {
        await trail.GetByTestId("export-audit").ClickAsync();
        await trail.GetByTestId("submit").ClickAsync();
        await trail.GetByTestId("export-ready").WaitForAsync(new() { Timeout = 60_000 });
        var download = await trail.RunAndWaitForDownloadAsync(() => trail.GetByTestId("export-download").ClickAsync());
        await using var stream = await download.CreateReadStreamAsync();
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
