using HyperBdr.Gateway.Tests;

[assembly: Xunit.AssemblyFixture(typeof(GatewayFixture))]

namespace HyperBdr.Gateway.Tests;

/// <summary>One gateway with its upstreams for all tests that change nothing about it.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    internal TestIdentity Identity { get; } = new();

    internal TestServices Upstream { get; private set; } = null!;

    internal GatewayUnderTest Gateway { get; private set; } = null!;

    internal string WebRoot { get; } = Directory.CreateTempSubdirectory("web-").FullName;

    public async ValueTask InitializeAsync()
    {
        Pages.Write(WebRoot);
        Upstream = await TestServices.StartAsync(Identity);
        Gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), Upstream, Upstream, $"--WEB_ROOT={WebRoot}"));
        await Gateway.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Upstream.DisposeAsync();
        Directory.Delete(WebRoot, recursive: true);
    }
}

internal static class Pages
{
    public const string Script = "assets/index-B4x_9aQz.js";
    public const string ScriptText = "console.log('console console console console console console console console console console console console console console console console')";

    public static void Write(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, "assets"));
        File.WriteAllText(Path.Combine(root, "index.html"), "<!doctype html><title>the console</title>");
        File.WriteAllText(Path.Combine(root, "portal.html"), "<!doctype html><title>the portal</title>");
        File.WriteAllText(Path.Combine(root, Script), ScriptText);
        File.WriteAllText(Path.Combine(root, "assets/packed-Zz19_8ab.css"), "body { color: red }");
        File.WriteAllText(Path.Combine(root, "assets/packed-Zz19_8ab.css.br"), "packed by the build");
        File.WriteAllText(Path.Combine(root, "favicon.svg"), "<svg/>");
        File.WriteAllText(Path.Combine(root, ".hidden"), "hidden");
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(root)!, "outside-of-web.txt"), "outside");
    }
}
