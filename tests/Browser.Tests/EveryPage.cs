using HyperBdr.Fixtures.Suite;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace HyperBdr.Browser.Tests;

[Collection(SuiteCollection.Name)]
public sealed class EveryPage(RunningSuite suite)
{
    [Fact]
    public async Task The_portal_shows_every_process_of_the_suite_and_its_log()
    {
        await using var browsing = await Browsing.OpenAsync();
        var page = await browsing.PageAsync();
        await Browsing.SignInAsync(page, suite.Portal, suite.Administrator);

        await page.GotoAsync(new Uri(suite.Portal, "/operations/services").ToString());
        foreach (var name in new[] { "postgres", "rabbitmq", "redis", "identity", "porter", "storplus", "ant", "owl", "report", "gateway" })
            await Expect(page.Locator($"[data-service={name}]")).ToContainTextAsync("Up (healthy)");
        browsing.Complaints.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1440, "en-GB", ColorScheme.Light)]
    [InlineData(390, "zh-CN", ColorScheme.Dark)]
    public async Task No_page_complains_or_is_wider_than_the_screen(int width, string locale, ColorScheme scheme)
    {
        var name = $"pages{width}";
        const string password = "Start-1nitial-Pass";
        await suite.Administrator.OkAsync(HttpMethod.Post, "/api/v1/identity/tenants", new { name, scene = "all", admin = new { username = $"{name}.admin", password } });
        using var person = await Person.FirstSignInAsync(suite, "console", $"{name}.admin", password);
        await person.OkAsync(HttpMethod.Post, "/api/v1/storplus/pools", new { name = "a-pool-with-a-long-name-to-fill-its-cell", kind = "folder", folder = new { path = name } });
        await person.OkAsync(HttpMethod.Post, "/api/v1/porter/enrolment-tokens", new { name = "first floor", lifetime_s = 3600 });
        await using var browsing = await Browsing.OpenAsync();
        var page = await browsing.PageAsync(width, 844, locale, scheme);
        await Browsing.SignInAsync(page, suite.Console, person);
        await WalkAsync(page, suite.Console, $"{width}-{locale}-{scheme}", ["/", "/configuration/enrolment-tokens", "/configuration/object-storage", "/operations/tasks", "/operations/event-logs", "/operations/reports", "/settings/users", "/settings/access-keys"]);

        browsing.Complaints.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1440, "zh-CN", ColorScheme.Dark)]
    [InlineData(390, "en-GB", ColorScheme.Light)]
    public async Task No_page_of_the_portal_complains_or_is_wider_than_the_screen(int width, string locale, ColorScheme scheme)
    {
        await using var browsing = await Browsing.OpenAsync();
        var page = await browsing.PageAsync(width, 844, locale, scheme);
        await Browsing.SignInAsync(page, suite.Portal, suite.Administrator);
        await WalkAsync(page, suite.Portal, $"portal-{width}-{locale}-{scheme}", ["/user/tenants", "/user/users", "/user/access-keys", "/operations/services", "/operations/audit-logs", "/operations/reports"]);

        browsing.Complaints.ShouldBeEmpty();
    }

    /// <summary>Opens each screen; <c>HYPERBDR_SCREENSHOTS</c> names a folder that gets a picture of it.</summary>
    private static async Task WalkAsync(IPage page, Uri surface, string name, string[] paths)
    {
        var shots = Environment.GetEnvironmentVariable("HYPERBDR_SCREENSHOTS");
        foreach (var path in paths)
        {
            await page.GotoAsync(new Uri(surface, path).ToString());
            await page.GetByTestId("user-menu").WaitForAsync();
            await Expect(page.Locator(".ant-skeleton")).ToHaveCountAsync(0);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBeLessThanOrEqualTo(0, path);
            if (shots is not null) await page.ScreenshotAsync(new() { Path = Path.Combine(shots, $"{name}{path.Replace('/', '-')}.png") });
        }
    }
}
