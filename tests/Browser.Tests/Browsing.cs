using HyperBdr.Fixtures.Suite;
using Microsoft.Playwright;

namespace HyperBdr.Browser.Tests;

/// <summary>A real Chromium from the distribution; one context is one signed-out person.</summary>
internal sealed class Browsing : IAsyncDisposable
{
    private static readonly string[] Flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Browsing(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    /// <summary>What the pages complained of: script errors, refused policies, failed requests for files.</summary>
    public List<string> Complaints { get; } = [];

    public static async Task<Browsing> OpenAsync()
    {
        var driver = await Playwright.CreateAsync();
        return new Browsing(driver, await driver.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Flags }));
    }

    public async Task<IPage> PageAsync(int width = 1440, int height = 900, string locale = "en-GB", ColorScheme scheme = ColorScheme.Light)
    {
        // The suite's own authority is not among the browser's: the certificate is checked by the other tests.
        var context = await browser.NewContextAsync(new()
        {
            IgnoreHTTPSErrors = true,
            Locale = locale,
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = height },
            AcceptDownloads = true,
        });
        context.SetDefaultTimeout(30_000);
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => Complaints.Add(error);
        page.Console += (_, message) =>
        {
            // A refused call (a 401 before sign-in) is shown by the page; the browser's own note of it is no fault.
            if (message.Type is "error" && !message.Text.Contains("Failed to load resource", StringComparison.Ordinal)) Complaints.Add(message.Text);
        };
        return page;
    }

    /// <summary>Signs in with password and, where the account has one, the second factor.</summary>
    public static async Task SignInAsync(IPage page, Uri address, Person person)
    {
        await page.GotoAsync(address.ToString());
        await page.GetByTestId("username").FillAsync(person.UserName);
        await page.GetByTestId("password").FillAsync(person.Password);
        await page.GetByTestId("sign-in").ClickAsync();
        if (person.TotpSecret is not null)
        {
            await page.GetByTestId("totp-code").FillAsync(await person.NextCodeAsync());
            await page.GetByTestId("totp-code").PressAsync("Enter");
        }

        await page.GetByTestId("user-menu").WaitForAsync();
    }

    /// <summary>The line over which entries and task steps arrive is open.</summary>
    public static Task LiveAsync(IPage page) => page.Locator("[data-testid=live][data-state=connected]").WaitForAsync(new() { State = WaitForSelectorState.Attached });

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
