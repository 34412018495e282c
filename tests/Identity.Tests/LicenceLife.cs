using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Licences;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class LicenceLife(IdentityWorld world)
{
    [Fact]
    public async Task A_new_customer_may_begin_and_everybody_hears_of_it()
    {
        using var platform = world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.PlatformAdmin)));
        var made = await Calls.AskAsync(platform, HttpMethod.Post, "/tenants", new { name = world.Name("Acme"), scene = "dr" });
        var granted = await world.EventAsync<LicenceGranted>(e => e.TenantId == made.Id);
        (granted.Kind, granted.Units, granted.Origin, (granted.ExpiresAt - granted.StartsAt).TotalDays).ShouldBe(("dr", 100, "evaluation", 90d));
        using var reader = world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.ReadOnly, made.Id)));
        var listed = (await Calls.AskAsync(reader, HttpMethod.Get, "/licences")).Body!["items"]!.AsArray().Single()!;
        (listed["total"]!.GetValue<int>(), listed["in_use"]!.GetValue<int>(), listed["status"]!.GetValue<string>()).ShouldBe((100, 0, "valid"));
    }

    [Fact]
    public async Task A_code_of_the_seller_is_activated_once_and_by_the_customer_that_it_was_made_for()
    {
        var user = await world.UserAsync(Roles.TenantAdmin);
        using var admin = world.Identity.As(IdentityWorld.CallerOf(user));
        var registration = (await Calls.AskAsync(admin, HttpMethod.Get, "/licences/registration?kind=dr")).Text("code");
        var code = Sign(new { id = "order-1", registration, kind = "dr", units = 5, days = 365 });

        var activated = await Calls.AskAsync(admin, HttpMethod.Post, "/licences", new { activation_code = code });
        (activated.Status, activated.Text("total"), activated.Text("days")).ShouldBe((HttpStatusCode.Created, "5", "365"));
        (await world.EventAsync<LicenceGranted>(e => e.TenantId == user.TenantId && e.Origin == "order-1")).Units.ShouldBe(5);
        (await Calls.AskAsync(admin, HttpMethod.Post, "/licences", new { activation_code = code })).Code.ShouldBe("identity.licence.code_used");
        (await Calls.AskAsync(admin, HttpMethod.Post, "/licences", new { activation_code = code.Replace("HBDR1.e", "HBDR1.f", StringComparison.Ordinal) })).Code.ShouldBe("identity.licence.code_invalid");
        (await Calls.AskAsync(admin, HttpMethod.Post, "/licences", new { activation_code = Sign(new { id = "order-2", registration = "0000-0000-0000-0000-0000", kind = "dr", units = 5, days = 365 }) })).Code.ShouldBe("identity.licence.other_registration");
        (await Calls.AskAsync(admin, HttpMethod.Post, "/licences", new { })).Status.ShouldBe(HttpStatusCode.BadRequest);
        using var lesser = world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.Operator, user.TenantId)));
        (await Calls.AskAsync(lesser, HttpMethod.Post, "/licences", new { activation_code = code })).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Units_that_hosts_take_are_counted_and_on_record()
    {
        var user = await world.UserAsync(Roles.TenantAdmin);
        var licence = await AddAsync(user.TenantId, days: 365);
        var host = Guid.CreateVersion7();
        await TellAsync(new LicenceUnitChanged(licence.Id, host, "web-1", "taken", "ada") { TenantId = user.TenantId, OccurredAt = world.Time.GetUtcNow() });
        using var admin = world.Identity.As(IdentityWorld.CallerOf(user));
        await Eventually.IsAsync(async _ => (await Calls.AskAsync(admin, HttpMethod.Get, "/licences")).Body!["items"]!.AsArray().Single()!["in_use"]!.GetValue<int>(), used => used == 1, CancellationToken.None);
        await TellAsync(new LicenceUnitChanged(licence.Id, host, "web-1", "released", "ada") { TenantId = user.TenantId, OccurredAt = world.Time.GetUtcNow().AddHours(-25) });
        await Eventually.IsAsync(async _ => (await Calls.AskAsync(admin, HttpMethod.Get, "/licences")).Body!["items"]!.AsArray().Single()!["in_use"]!.GetValue<int>(), used => used == 0, CancellationToken.None);
        (await Calls.AskAsync(admin, HttpMethod.Get, "/licences/log")).Body!["items"]!.AsArray().Select(r => r!["change"]!.GetValue<string>()).ShouldBe(["released", "taken"]);
    }

    [Fact]
    public async Task Its_end_is_told_before_it_comes_and_each_mark_once()
    {
        var user = await world.UserAsync(Roles.TenantAdmin);
        var (soon, over) = (await AddAsync(user.TenantId, days: 6), await AddAsync(user.TenantId, days: -1));
        var watch = world.Identity.Services.GetServices<IHostedService>().OfType<LicenceWatch>().Single();
        await watch.TellAsync(CancellationToken.None);
        await watch.TellAsync(CancellationToken.None);
        (await world.EventAsync<LicenceProblem>(e => e.LicenceId == soon.Id)).Message.ShouldContain("ends in 7 days or sooner");
        (await world.EventAsync<LicenceProblem>(e => e.LicenceId == over.Id)).Code.ShouldBe("licence.expired");
        world.Events.OfType<LicenceProblem>().Count(e => e.LicenceId == soon.Id).ShouldBe(1);
    }

    private Task<Licence> AddAsync(Guid tenant, int days) => world.InDatabaseAsync((db, _) =>
    {
        var now = world.Time.GetUtcNow();
        var licence = new Licence { Id = Guid.CreateVersion7(), TenantId = tenant, Kind = "dr", Units = 3, Days = 365, Code = world.Name("order"), ActivatedAt = now, ExpiresAt = now.AddDays(days), ActivatedBy = "test" };
        db.Licences.Add(licence);
        return Task.FromResult(licence);
    });

    private Task<int> TellAsync(IntegrationEvent e) => world.InDatabaseAsync((db, _) =>
    {
        db.Add(e);
        return Task.FromResult(0);
    });

    private static string Sign(object grant)
    {
        var text = $"HBDR1.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(grant))}";
        return $"{text}.{Base64Url.EncodeToString(IdentityWorld.Seller.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }
}
