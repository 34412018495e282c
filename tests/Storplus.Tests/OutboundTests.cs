using System.Net;
using Shouldly;
using Xunit;

namespace HyperBdr.Storplus.Tests;

/// <summary>A user's endpoint must not become a way into the network of this machine.</summary>
public sealed class OutboundTests
{
    private const string Refused = "storplus.probe.address_not_allowed";

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:7f00:1::")]
    public void Internal_addresses_are_refused_in_every_notation(string address) =>
        Stores.Rules(443).Allows(IPAddress.Parse(address)).ShouldBeFalse();

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    public void Public_addresses_are_allowed(string address) => Stores.Rules(443).Allows(IPAddress.Parse(address)).ShouldBeTrue();

    [Fact]
    public void An_allowed_block_opens_itself_and_nothing_more()
    {
        var rules = Stores.Rules(443, "10.20.0.0/16");
        rules.Allows(IPAddress.Parse("10.20.3.4")).ShouldBeTrue();
        rules.Allows(IPAddress.Parse("::ffff:10.20.3.4")).ShouldBeTrue();
        rules.Allows(IPAddress.Parse("10.21.0.1")).ShouldBeFalse();
        rules.AllowsPort(22).ShouldBeFalse();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("169.254.169.254")]
    [InlineData("[::1]")]
    [InlineData("0x7f000001")]
    [InlineData("2130706433")]
    public async Task An_endpoint_that_leads_inside_is_never_called(string host)
    {
        await using var server = await Stores.StrictAsync();
        await using var store = Stores.S3($"{host}:{server.Port}", Stores.Rules(server.Port));
        var outcome = await Stores.ProbeAsync(store);
        // Odd notations may also fail to resolve; what counts is that nothing was called.
        outcome.Code.ShouldBeOneOf(Refused, "storplus.probe.name_not_resolved");
        if (!host.StartsWith("0x", StringComparison.Ordinal)) outcome.Code.ShouldBe(Refused);
        server.Verified.ShouldBe(0);
    }

    [Fact]
    public async Task A_port_that_is_not_on_the_list_is_refused()
    {
        await using var server = await Stores.StrictAsync();
        await using var store = Stores.S3(server.Endpoint, Stores.Rules(server.Port + 1, "127.0.0.0/8"));
        (await Stores.ProbeAsync(store)).Code.ShouldBe(Refused);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var target = await Stores.StrictAsync();
        await using var server = await Stores.StrictAsync();
        (server.Lies, server.RedirectTo) = (Lie.Redirects, $"http://{target.Endpoint}/{StrictS3.Bucket}");
        await using var store = Stores.S3(server);
        (await Stores.ProbeAsync(store)).Code.ShouldBe("storplus.probe.wrong_region");
        target.Verified.ShouldBe(0);
        server.Keys.ShouldBeEmpty();
    }
}
