using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace HyperBdr.Cli.Tests;

/// <summary>The command line against a console of its own: what it signs, whom it trusts, what it prints and how it ends.</summary>
public sealed class CommandTests : IAsyncLifetime
{
    private const string One = "01932b5e-0000-7000-8000-000000000001";
    private const string Two = "01932b5e-0000-7000-8000-000000000002";
    private const string HostList = "GET /api/v1/ant/hosts?page=1&page_size=500";
    private readonly TestConsole console = new();

    public ValueTask InitializeAsync() => console.InitializeAsync();

    public ValueTask DisposeAsync() => console.DisposeAsync();

    [Fact]
    public async Task Hosts_are_listed_as_a_table_and_as_one_document()
    {
        console.Answer(HostList, $$"""{"items":[{"id":"{{One}}","name":"web-1","stage":"start_dr","status":"sync_snapshot_done","health":"active","last_sync":{"point_at":"2026-11-23T08:00:00Z"} }],"total":1}""");
        var table = await console.RunAsync("hosts list");
        table.Exit.ShouldBe(0, table.Error);
        table.Out.Split('\n')[0].ShouldStartWith("NAME   STEP      STATUS");
        table.Out.ShouldContain("web-1  start_dr  sync_snapshot_done  active");
        table.Out.ShouldContain("2026-11-23 08:00:00");
        var document = await console.RunAsync("hosts list --json");
        JsonNode.Parse(document.Out)![0]!["name"]!.GetValue<string>().ShouldBe("web-1");
    }

    [Fact]
    public async Task A_name_is_resolved_and_a_result_for_each_host_is_shown()
    {
        console.Answer(HostList, $$"""{"items":[{"id":"{{One}}","name":"web-1"},{"id":"{{Two}}","name":"db-1"}],"total":2}""");
        console.Answer("POST /api/v1/ant/hosts/sync", $$"""{"results":[{"id":"{{One}}","accepted":true,"task_id":"t-1"},{"id":"{{Two}}","accepted":false,"code":"ant.host.busy","message":"A task works on the host."}]}""", 202);
        var run = await console.RunAsync("hosts sync web-1 db-1 --full --limit 50");
        run.Exit.ShouldBe(5, run.Error);
        run.Out.ShouldContain("accepted");
        run.Out.ShouldContain("ant.host.busy");
        var body = JsonNode.Parse(console.Calls.Last().Body)!;
        body["ids"]!.AsArray().Select(i => i!.GetValue<string>()).ShouldBe([One, Two]);
        (body["mode"]!.GetValue<string>(), body["transfer_speed"]!.GetValue<decimal>()).ShouldBe(("full", 50m));
        var unknown = await console.RunAsync("hosts stop nobody");
        (unknown.Exit, unknown.Error.Trim()).ShouldBe((4, "There is no host nobody."));
    }

    [Fact]
    public async Task A_refusal_is_one_line_with_the_reason_and_has_its_exit_code()
    {
        console.Answer($"GET /api/v1/ant/hosts/{One}", """{"code":"ant.host.not_found","title":"No such host."}""", 404);
        console.Answer($"GET /api/v1/ant/hosts/{Two}", """{"code":"auth.forbidden","title":"Your role does not allow this."}""", 403);
        var missing = await console.RunAsync($"hosts show {One}");
        (missing.Exit, missing.Error.Trim(), missing.Out).ShouldBe((4, "No such host.", ""));
        (await console.RunAsync($"hosts show {Two}")).Exit.ShouldBe(2);
        var json = await console.RunAsync($"hosts show {One} --json");
        JsonNode.Parse(json.Out)!["error"]!["code"]!.GetValue<string>().ShouldBe("ant.host.not_found");
        (await console.RunAsync("hosts show")).Exit.ShouldBe(1);
        (await console.RunAsync($"hosts show {One}", new() { ["HYPERBDR_SECRET_KEY"] = "wrong" })).Exit.ShouldBe(2);
    }

    [Fact]
    public async Task Only_the_console_of_the_authority_is_spoken_to()
    {
        await using var other = new TestConsole();
        await other.InitializeAsync();
        var run = await console.RunAsync("tasks list", new() { ["HYPERBDR_AUTHORITY"] = other.AuthorityFile });
        run.Exit.ShouldBe(3, run.Out);
        run.Error.ShouldContain("cannot be reached");
        console.Calls.ShouldBeEmpty();
        (await console.RunAsync("tasks list", new() { ["HYPERBDR_URL"] = "https://localhost:1" })).Exit.ShouldBe(3);
        (await console.RunAsync("tasks list", new() { ["HYPERBDR_URL"] = "http://localhost" })).Exit.ShouldBe(1);
    }

    [Fact]
    public async Task A_profile_that_others_may_read_is_not_used()
    {
        var file = Path.Combine(console.Folder, "profile.json");
        await File.WriteAllTextAsync(file, new JsonObject { ["url"] = console.Url.ToString(), ["access_key"] = TestConsole.AccessKey, ["secret_key"] = TestConsole.SecretKey, ["authority"] = console.AuthorityFile }.ToJsonString());
        var empty = new Dictionary<string, string> { ["HYPERBDR_URL"] = "", ["HYPERBDR_ACCESS_KEY"] = "", ["HYPERBDR_SECRET_KEY"] = "", ["HYPERBDR_AUTHORITY"] = "" };
        console.Answer("GET /api/v1/storplus/pools?page=1&page_size=500", """{"items":[],"total":0}""");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var open = await console.RunAsync($"pools list --profile {file}", empty);
        (open.Exit, open.Error.Contains("chmod 600", StringComparison.Ordinal)).ShouldBe((1, true));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var run = await console.RunAsync($"pools list --profile {file}", empty);
        run.Exit.ShouldBe(0, run.Error);
        (await console.RunAsync("pools list", empty)).Exit.ShouldBe(1);
    }

    [Fact]
    public async Task A_watched_task_prints_a_line_per_change_and_ends_as_the_task_does()
    {
        console.Answer("GET /api/v1/ant/tasks/t1", """{"status":"working","percent":10,"steps":[{"name":"transfer","status":"running","message":"10% of 1.0 GiB"}]}""");
        console.Answer("GET /api/v1/ant/tasks/t1", """{"status":"done","percent":100,"steps":[{"name":"commit","status":"done","message":"Listed."}]}""");
        var done = await console.RunAsync("tasks watch t1");
        done.Exit.ShouldBe(0, done.Error);
        done.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe([" 10% working transfer 10% of 1.0 GiB", "100% done commit Listed."]);
        console.Answer("GET /api/v1/ant/tasks/t2", """{"status":"failed","percent":50,"error_description":"The disk cannot be read.\u001b[31m","steps":[]}""");
        var failed = await console.RunAsync("tasks watch t2");
        (failed.Exit, failed.Out.Trim()).ShouldBe((6, "failed: The disk cannot be read. [31m"));
        failed.Out.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Readiness_policies_points_and_the_install_command()
    {
        console.Answer($"GET /api/v1/ant/hosts/{One}/readiness", """{"state":"blocked","findings":[{"state":"blocked","code":"agent_online","message":"The agent is offline.","evidence":"no heartbeat","age_s":300}]}""");
        var ready = await console.RunAsync($"hosts readiness {One}");
        (ready.Exit, ready.Out.Split('\n')[0]).ShouldBe((7, "blocked"));
        ready.Out.ShouldContain("300 s");

        console.Answer("POST /api/v1/ant/policies", $$"""{"id":"{{Two}}","warnings":[]}""", 201);
        (await console.RunAsync("policies create nightly --time-zone Europe/Berlin --incremental 30m --full 24x --keep day/1/7/day")).Exit.ShouldBe(0);
        var policy = JsonNode.Parse(console.Calls.Last().Body)!;
        (policy["incremental"]!["cycle"]!.GetValue<string>(), policy["full"]!["cron"]!.GetValue<string>(), policy["retention"]![0]!["keep"]!.GetValue<int>()).ShouldBe(("minutes", "24x", 7));

        console.Answer("DELETE /api/v1/storplus/points/p1?confirm=web-1&last_good=false", "", 202);
        (await console.RunAsync("points delete p1 --confirm web-1")).Exit.ShouldBe(0);
        console.Answer("PUT /api/v1/storplus/points/p1/hold", "{}");
        (await console.RunAsync("points hold p1 --reason audit")).Exit.ShouldBe(0);
        console.Answer("POST /api/v1/porter/install-commands", """{"linux":"curl one","gateway":"curl two"}""", 201);
        (await console.RunAsync("install-command --type gateway")).Out.Trim().ShouldBe("curl two");
        (await console.RunAsync("pools add cloud --endpoint s3.example:443 --bucket b --access-key k")).Exit.ShouldBe(1);
    }

    [Fact]
    public async Task A_points_numbers_are_shown_for_people()
    {
        console.Answer("GET /api/v1/storplus/points?page=1&page_size=500", """{"items":[{"id":"p-1","taken_at":"2026-11-23T08:00:00Z","host_name":"web-1","state":"create_done","mode":"incremental","consistency":"file_system","length_bytes":4294967296,"read_bytes":1048576,"sent_bytes":2048,"stored_bytes":2048,"duration_us":3200000,"freeze_us":12400,"available":true}],"total":1}""");
        var list = await console.RunAsync("points list");
        list.Exit.ShouldBe(0, list.Error);
        list.Out.ShouldContain("3.2 s");
        list.Out.ShouldContain("12.4 ms");
        list.Out.ShouldContain("4.0 GiB");
    }

    [Fact]
    public async Task An_offline_key_is_let_into_a_pools_repository()
    {
        var file = Path.Combine(console.Folder, "escrow.pem");
        await File.WriteAllTextAsync(file, "-----BEGIN PUBLIC KEY-----");
        console.Answer("GET /api/v1/storplus/repositories?page=1&page_size=500", $$"""{"items":[{"id":"{{Two}}","pool_name":"cloud","pool_id":"{{One}}"}],"total":1}""");
        console.Answer($"POST /api/v1/storplus/repositories/{Two}/escrow", """{"fingerprint":"ab12","location":"s3://b/p","slot_name":"keys/x","slot":"AAEC"}""");
        var slot = Path.Combine(console.Folder, "slot");
        var run = await console.RunAsync($"keys escrow cloud --public-key {file} --slot {slot}");
        (run.Exit, run.Out.Trim()).ShouldBe((0, "Key ab12 opens s3://b/p (slot keys/x)."), run.Error);
        JsonNode.Parse(console.Calls.Last().Body)!["public_key"]!.GetValue<string>().ShouldStartWith("-----BEGIN");
        (await File.ReadAllBytesAsync(slot)).ShouldBe([0, 1, 2]);
        (await console.RunAsync("keys rotate nowhere")).Exit.ShouldBe(4);
        (await console.RunAsync("keys escrow cloud --public-key /nowhere")).Exit.ShouldBe(1);
    }

    [Fact]
    public async Task A_speed_limit_is_written_as_people_say_it()
    {
        console.Answer("POST /api/v1/ant/policies", $$"""{"id":"{{One}}","warnings":[]}""", 201);
        var run = await console.RunAsync("policies create office --incremental 30m --limit mon,tue@09:00-18:00=50 --limit 22:00-05:00=20");
        run.Exit.ShouldBe(0, run.Error);
        var windows = JsonNode.Parse(console.Calls.Last().Body)!["speed_limit"]!.AsArray();
        windows[0]!.ToJsonString().ShouldBe("""{"cycle":"weekly","from":"09:00","to":"18:00","mbps":50,"weekdays":["monday","tuesday"]}""");
        windows[1]!.ToJsonString().ShouldBe("""{"cycle":"days","from":"22:00","to":"05:00","mbps":20,"every":1}""");
        (await console.RunAsync("policies create office --limit always")).Exit.ShouldBe(1);
    }
}
