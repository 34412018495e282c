using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Porter.Persistence;
using Shouldly;
using Xunit;

namespace HyperBdr.Porter.Tests;

public sealed class MachinesApi(PorterWorld world)
{
    private const string Machines = "/api/v1/porter/machines";
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task Machines_are_listed_shown_and_seen_by_their_tenant_alone()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "A-1");
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        await stream.WelcomeAsync();
        using var reader = As(Roles.ReadOnly);
        var row = (await GetAsync(reader, $"{Machines}?kind=linux_agent&kw=WEB&availability=active")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        (row.GetProperty("kind").GetString(), row.GetProperty("name").GetString(), row.GetProperty("disk_bytes").GetInt64()).ShouldBe(("linux_agent", "web-1", 1L << 30));
        (await GetAsync(reader, $"{Machines}?kind=sync_gateway")).GetProperty("total").GetInt32().ShouldBe(0);
        var detail = await Eventually.IsAsync(_ => GetAsync(reader, $"{Machines}/{machine.Id}"), d => d.TryGetProperty("agent_memory_bytes", out var bytes) && bytes.GetInt64() > 0, ct);
        detail.GetProperty("inventory").GetProperty("disks")[0].GetProperty("id").GetString().ShouldBe("vda");
        (await StatusAsync(reader, HttpMethod.Get, $"{Machines}?kind=toaster")).ShouldBe(HttpStatusCode.BadRequest);

        using var stranger = world.Porter.As(RunningService<PorterDb>.Person(Roles.TenantAdmin, Guid.CreateVersion7()));
        (await GetAsync(stranger, Machines)).GetProperty("total").GetInt32().ShouldBe(0);
        foreach (var (method, path) in new[] { ("GET", ""), ("POST", "/revoke"), ("POST", "/refresh"), ("DELETE", "") })
            (await StatusAsync(stranger, new HttpMethod(method), $"{Machines}/{machine.Id}{path}")).ShouldBe(HttpStatusCode.NotFound, path);
    }

    [Fact]
    public async Task Settings_reach_a_connected_machine_at_once_and_another_one_with_its_welcome()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "A-2");
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        (await stream.WelcomeAsync()).Settings.Revision.ShouldBe(1);
        using var admin = As(Roles.TenantAdmin);
        (await PutAsync(admin, "settings", new { cpu_percent = 40, values = new[] { new { name = "RetryCount", value = "5" } } })).ShouldBe(HttpStatusCode.OK);
        var update = (await stream.CommandAsync()).UpdateSettings;
        (update.Revision, update.CpuPercent, update.Values["RetryCount"]).ShouldBe((2L, 40, "5"));
        (await PutAsync(admin, "excluded-disks", new { disk_ids = new[] { "vdb", "vdb" } })).ShouldBe(HttpStatusCode.OK);
        (await stream.CommandAsync()).UpdateSettings.ExcludedDiskIds.ShouldBe(["vdb"]);

        await using var again = await machine.ConnectAsync(world);
        var welcome = (await again.WelcomeAsync()).Settings;
        (welcome.Revision, welcome.CpuPercent, welcome.ExcludedDiskIds.Single(), welcome.Values["RetryCount"]).ShouldBe((3L, 40, "vdb", "5"));
        (await PutAsync(admin, "settings", new { cpu_percent = 0, values = Array.Empty<object>() })).ShouldBe(HttpStatusCode.BadRequest);
        (await PutAsync(admin, "settings", new { cpu_percent = 50, values = new[] { new { name = "a b", value = "1" } } })).ShouldBe(HttpStatusCode.BadRequest);
        (await PutAsync(admin, "excluded-disks", new { disk_ids = new[] { "" } })).ShouldBe(HttpStatusCode.BadRequest);

        Task<HttpStatusCode> PutAsync(HttpClient client, string what, object body) => StatusAsync(client, HttpMethod.Put, $"{Machines}/{machine.Id}/{what}", body);
    }

    [Fact]
    public async Task A_machine_says_anew_what_it_is_and_only_what_lasts_is_told_to_others()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "A-3");
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        await stream.WelcomeAsync();
        using var admin = As(Roles.TenantAdmin);
        (await StatusAsync(admin, HttpMethod.Post, $"{Machines}/{machine.Id}/refresh")).ShouldBe(HttpStatusCode.Accepted);
        (await stream.CommandAsync()).RefreshInventory.ShouldNotBeNull();
        var inventory = machine.Inventory;
        inventory.BootId = "another start";
        await SayAsync();
        (await CountAsync()).ShouldBe(0);
        inventory.Disks.Add(new Disk { Id = "vdb\u0007", Device = "/dev/vdb", LengthBytes = 7 });
        await SayAsync();
        (await CountAsync()).ShouldBe(1);
        var disks = (await GetAsync(admin, $"{Machines}/{machine.Id}")).GetProperty("inventory").GetProperty("disks");
        disks[1].GetProperty("id").GetString().ShouldBe("vdb");

        async Task SayAsync()
        {
            await stream.SendAsync(new AgentMessage { Inventory = inventory });
            await stream.SendAsync(new AgentMessage { Result = new CommandResult { CommandId = "said" } });
            (await stream.NextAsync()).ResultKept.ShouldNotBeNull();
        }

        async Task<int> CountAsync() => (await world.EventsAsync(tenant, ct)).Count(e => e.Type == "MachineInventoryChanged");
    }

    [Fact]
    public async Task A_removed_machine_is_gone_and_may_enrol_as_a_new_one()
    {
        using var machine = await TestMachine.NewAsync(world, tenant, "A-4");
        await using var stream = (await machine.ConnectAsync(world)).Beat();
        await stream.WelcomeAsync();
        using var admin = As(Roles.TenantAdmin);
        (await StatusAsync(admin, HttpMethod.Delete, $"{Machines}/{machine.Id}")).ShouldBe(HttpStatusCode.NoContent);
        (await stream.EndAsync()).ShouldBe("porter.certificate.revoked");
        (await StatusAsync(admin, HttpMethod.Get, $"{Machines}/{machine.Id}")).ShouldBe(HttpStatusCode.NotFound);
        (await world.EventsAsync(tenant, ct)).ShouldContain(e => e.Type == "MachineRemoved");
        using var anew = await TestMachine.NewAsync(world, tenant, "A-4");
        anew.Id.ShouldNotBe(machine.Id);
    }

    [Fact]
    public async Task The_install_command_leads_to_a_script_and_a_package_that_belong_together()
    {
        using var console = Browser();
        using var admin = As(Roles.TenantAdmin);
        admin.DefaultRequestHeaders.Add("X-HyperBdr-Host", $"localhost:{world.Gateway.Port}");
        using var made = await admin.PostAsJsonAsync("/api/v1/porter/install-commands", new { name = "rack", lifetime_s = 600 }, ct);
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        var answer = await PorterWorld.ReadAsync(made, ct);
        var (command, token) = (answer.GetProperty("linux").GetString()!, answer.GetProperty("secret").GetString()!);
        command.ShouldBe($"curl -k 'https://localhost:{world.Gateway.Port}/hypermotion/v1/sources/download?type=linux&id={token}&scene=dr' | (cd ~ && bash)");

        using var script = await console.GetAsync(new Uri(command.Split('\'')[1]), ct);
        script.StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await script.Content.ReadAsStringAsync(ct);
        var sum = Convert.ToHexStringLower(SHA256.HashData(Softwares.Archive));
        text.ShouldContain($"CONSOLE='localhost:{world.Gateway.Port}' TOKEN='{token}' SUM='{sum}'");
        text.ShouldContain("-----BEGIN CERTIFICATE-----");
        text.ShouldNotContain("@");

        const string package = "/hypermotion/v1/sources/packages/linux/egisplus-agent.tar.gz";
        (await console.GetByteArrayAsync(new Uri(package, UriKind.Relative), ct)).ShouldBe(Softwares.Archive);
        using var range = new HttpRequestMessage(HttpMethod.Get, package) { Headers = { Range = new RangeHeaderValue(99_990, null) } };
        using var rest = await console.SendAsync(range, ct);
        rest.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await rest.Content.ReadAsByteArrayAsync(ct)).ShouldBe(Softwares.Archive[99_990..]);
        using var known = new HttpRequestMessage(HttpMethod.Get, package) { Headers = { IfNoneMatch = { new EntityTagHeaderValue($"\"{sum}\"") } } };
        using var unchanged = await console.SendAsync(known, ct);
        unchanged.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Theory]
    [InlineData("type=linux&id=hbe_short", HttpStatusCode.BadRequest)]
    [InlineData("type=linux", HttpStatusCode.BadRequest)]
    [InlineData("type=linux&id=hbe_';reboot;'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HttpStatusCode.BadRequest)]
    [InlineData("type=gateway&id=hbe_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HttpStatusCode.NotFound)]
    [InlineData("type=../linux&id=hbe_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HttpStatusCode.NotFound)]
    public async Task A_refused_download_is_a_script_that_says_so_and_fails(string query, HttpStatusCode status)
    {
        using var console = Browser();
        using var answer = await console.GetAsync(new Uri($"/hypermotion/v1/sources/download?{query}", UriKind.Relative), ct);
        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadAsStringAsync(ct)).ShouldMatch("^#!/bin/sh\necho '[^']+' >&2\nexit 1\n$");
    }

    [Theory]
    [InlineData("linux/install.sh")]
    [InlineData("linux/..%2Fca.key")]
    [InlineData("gateway/egisplus-agent.tar.gz")]
    [InlineData("windows/egisplus-agent.tar.gz")]
    public async Task Nothing_but_the_packages_is_served(string path)
    {
        using var console = Browser();
        (await StatusAsync(console, HttpMethod.Get, $"/hypermotion/v1/sources/packages/{path}")).ShouldBeOneOf(HttpStatusCode.NotFound, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_command_for_Windows_gets_a_batch_file_that_says_why_not_and_fails()
    {
        using var anybody = world.Porter.As(ServiceDefaults.Calls.Caller.Anonymous);
        using var answer = await anybody.GetAsync(new Uri("/hypermotion/v1/sources/download?type=windows_install_cmd&id=hbe_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&scene=dr", UriKind.Relative), ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync(ct)).ShouldBe("@echo off\r\necho This console has no agent for Windows. Machines with Linux and cloud sync gateways can be installed. [porter.package.no_windows_agent] 1>&2\r\nexit /b 1\r\n");
    }

    [Theory]
    [InlineData("a'b:10443")]
    [InlineData("$(reboot):10443")]
    [InlineData("a b")]
    public async Task An_address_that_is_none_is_not_written_into_a_script(string host)
    {
        using var anybody = world.Porter.As(ServiceDefaults.Calls.Caller.Anonymous);
        anybody.DefaultRequestHeaders.TryAddWithoutValidation("X-HyperBdr-Host", host);
        (await StatusAsync(anybody, HttpMethod.Get, "/hypermotion/v1/sources/download?type=linux&id=hbe_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).ShouldBe(HttpStatusCode.BadRequest);
    }

    private HttpClient As(string role) => world.Porter.As(RunningService<PorterDb>.Person(role, tenant));

    private HttpClient Browser() => new(new SocketsHttpHandler
    {
        SslOptions = { CertificateChainPolicy = TestMachine.Trust(world) },
    })
    { BaseAddress = new Uri($"https://localhost:{world.Gateway.Port}") };

    private async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await PorterWorld.ReadAsync(answer, ct);
    }

    private async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await client.SendAsync(request, ct);
        return answer.StatusCode;
    }
}
