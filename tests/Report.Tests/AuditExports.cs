using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CsvHelper;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Spreadsheet;
using DocumentFormat.OpenXml.Validation;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Features.Exports;
using HyperBdr.Report.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace HyperBdr.Report.Tests;

public sealed class AuditExports(ReportWorld world)
{
    private const string Exports = "/api/v1/report/exports";
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Theory]
    [InlineData("csv")]
    [InlineData("xlsx")]
    public async Task Holds_the_tenants_trail_in_order_with_harmless_cells_and_times_of_the_zone(string format)
    {
        string[] names = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "plain, \"quoted\"\r\nlines", "Ünïcode 復旧 🦉", "a\u0001b"];
        await world.FillAsync(tenant, names.Length, (i, d) => d with { ResourceName = names[i] }, ct);
        await world.FillAsync(Guid.CreateVersion7(), 3, (_, d) => d, ct);
        using var admin = world.As(Roles.TenantAdmin, tenant);

        var id = await ExportAsync(admin, new { type = "audit", format, time_zone = "Europe/Berlin" });
        var (rows, type, name) = await DownloadAsync(admin, id, format);

        rows[0][1].ShouldBe("Occurred at (Europe/Berlin)");
        // The order for this export is an entry of the trail too, and may be in time to be in it.
        rows.Skip(1 + names.Length).ShouldAllBe(r => r[3].StartsWith("report", StringComparison.Ordinal));
        rows = rows[..(1 + names.Length)];
        rows.Skip(1).Select(r => r[0]).ShouldBe(Enumerable.Range(1, names.Length).Select(i => $"{i}"));
        rows.Skip(1).Select(r => r[3]).ShouldBe(Enumerable.Range(0, names.Length).Select(i => $"act.{i}"));
        rows.Skip(1).Select(r => r[7].ReplaceLineEndings("\n")).ShouldBe(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "plain, \"quoted\"\nlines", "Ünïcode 復旧 🦉", "a\ufffdb"]);
        // 00:59 UTC on the day on which the clocks go from 02:00 to 03:00.
        rows[1][1].ShouldBe("2026-03-29 01:59:00.000000 +01:00");
        name!.ShouldMatch($"^audit-[0-9]{{8}}-[0-9]{{6}}Z-[0-9a-f]{{8}}\\.{format}$");
        type.ShouldBe(format == "csv" ? "text/csv" : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
        Files().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Takes_only_the_asked_time()
    {
        await world.FillAsync(tenant, 120, (_, d) => d, ct);
        using var admin = world.As(Roles.TenantAdmin, tenant);

        var id = await ExportAsync(admin, new { type = "audit", format = "csv", from = "2026-03-29T01:00:00Z", to = "2026-03-29T03:00:30+02:00" });

        var (rows, _, _) = await DownloadAsync(admin, id, "csv");
        rows.Skip(1).Select(r => r[3]).ShouldBe(Enumerable.Range(60, 30).Select(i => $"act.{i}"));
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("xlsx")]
    public async Task Fifty_thousand_rows_do_not_grow_the_memory(string format)
    {
        // The table alone: what stays reachable while it is written.
        await using var nowhere = new FileStream(Path.Combine(Path.GetTempPath(), $"hyperbdr-{Guid.CreateVersion7():n}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);
        await using var table = format == "csv" ? new CsvTable(nowhere) : (ITable)new XlsxTable(nowhere, "Audit");
        object[] cells = [1L, "2026-03-29 01:59:00.000000 +01:00", "call", "porter.enrolment_tokens.create", "accepted", new string('d', 400)];
        for (var i = 0; i < 1000; i++) await table.AddAsync(cells, ct);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 49_000; i++) await table.AddAsync(cells, ct);

        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(4 * 1024 * 1024);
        await table.EndAsync(ct);
    }

    [Fact]
    public async Task Another_tenant_sees_downloads_and_deletes_nothing()
    {
        await world.FillAsync(tenant, 1, (_, d) => d, ct);
        using var admin = world.As(Roles.TenantAdmin, tenant);
        using var stranger = world.As(Roles.TenantAdmin, Guid.CreateVersion7());
        var id = await ExportAsync(admin, new { type = "audit", format = "csv" });

        (await JsonAsync(stranger, Exports)).GetProperty("total").GetInt32().ShouldBe(0);
        foreach (var (method, path) in new[] { (HttpMethod.Get, $"{Exports}/{id}"), (HttpMethod.Get, $"{Exports}/{id}/file"), (HttpMethod.Delete, $"{Exports}/{id}") })
            (await StatusAsync(stranger, method, path)).ShouldBe(HttpStatusCode.NotFound);

        (await StatusAsync(admin, HttpMethod.Delete, $"{Exports}/{id}")).ShouldBe(HttpStatusCode.NoContent);
        (await StatusAsync(admin, HttpMethod.Get, $"{Exports}/{id}/file")).ShouldBe(HttpStatusCode.NotFound);
        Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task After_seven_days_the_file_goes_and_the_row_says_so()
    {
        await world.FillAsync(tenant, 1, (_, d) => d, ct);
        using var admin = world.As(Roles.TenantAdmin, tenant);
        var id = await ExportAsync(admin, new { type = "audit", format = "csv" });
        await using (var scope = world.Report.ScopeOf(tenant))
        {
            var longAgo = TimeProvider.System.GetUtcNow() - Export.KeptFor - TimeSpan.FromMinutes(1);
            await scope.ServiceProvider.GetRequiredService<ReportDb>().Exports.ExecuteUpdateAsync(s => s.SetProperty(e => e.FinishedAt, longAgo), ct);
        }

        await world.Report.Services.GetRequiredService<ExpireExports>().RunAsync(ct);

        (await JsonAsync(admin, $"{Exports}/{id}")).GetProperty("state").GetString().ShouldBe("expired");
        (await JsonAsync(admin, $"{Exports}/{id}/file")).GetProperty("code").GetString().ShouldBe("report.export.expired");
        Files().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"type":"weather","format":"csv"}""", "type")]
    [InlineData("""{"format":"csv"}""", "type")]
    [InlineData("""{"type":"audit","format":"pdf"}""", "format")]
    [InlineData("""{"type":"audit","format":"csv","time_zone":"Mars/Olympus"}""", "time_zone")]
    [InlineData("""{"type":"audit","format":"csv","time_zone":"../../etc/passwd"}""", "time_zone")]
    [InlineData("""{"type":"audit","format":"csv","from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}""", "to")]
    public async Task Bad_input_is_refused_and_the_field_is_named(string json, string field)
    {
        using var admin = world.As(Roles.TenantAdmin, tenant);
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await admin.PostAsync(new Uri(Exports, UriKind.Relative), body, ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ReportWorld.ReadAsync(answer, ct)).GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldBe([field]);
    }

    [Theory]
    [InlineData("GET", Exports, Permissions.ReportsRead)]
    [InlineData("POST", Exports, Permissions.ReportsRun)]
    [InlineData("GET", Exports + "/0190a000-0000-7000-8000-000000000000", Permissions.ReportsRead)]
    [InlineData("GET", Exports + "/0190a000-0000-7000-8000-000000000000/file", Permissions.ReportsRead)]
    [InlineData("DELETE", Exports + "/0190a000-0000-7000-8000-000000000000", Permissions.ReportsRun)]
    public async Task Each_role_gets_what_the_matrix_says(string method, string path, string permission)
    {
        foreach (var role in Roles.All)
        {
            using var client = world.As(role, tenant);
            var status = await StatusAsync(client, new HttpMethod(method), path);
            if (Permissions.Allows(role, permission)) status.ShouldNotBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden);
            else status.ShouldBe(HttpStatusCode.Forbidden, role);
        }

        using var nobody = world.Report.As(null);
        (await StatusAsync(nobody, new HttpMethod(method), path)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Who_may_not_read_the_trail_does_not_get_it_as_a_file_either()
    {
        await world.FillAsync(tenant, 1, (_, d) => d, ct);
        using var admin = world.As(Roles.TenantAdmin, tenant);
        using var reader = world.As(Roles.ReadOnly, tenant);
        var id = await ExportAsync(admin, new { type = "audit", format = "csv" });

        (await StatusAsync(reader, HttpMethod.Get, $"{Exports}/{id}")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(reader, HttpMethod.Get, $"{Exports}/{id}/file")).ShouldBe(HttpStatusCode.Forbidden);
    }

    private IEnumerable<string> Files() => Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder) : [];

    private string Folder => Path.Combine(world.Home, "data", "report", tenant.ToString());

    private async Task<string> ExportAsync(HttpClient client, object request)
    {
        using var answer = await client.PostAsJsonAsync(Exports, request, ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var id = (await ReportWorld.ReadAsync(answer, ct)).GetProperty("id").GetString()!;
        await Eventually.IsAsync(async c => (await JsonAsync(client, $"{Exports}/{id}")).ToString(), s => s.Contains("\"completed\"", StringComparison.Ordinal), ct, 40);
        return id;
    }

    private async Task<(List<string[]> Rows, string? Type, string? Name)> DownloadAsync(HttpClient client, string id, string format)
    {
        using var answer = await client.GetAsync(new Uri($"{Exports}/{id}/file", UriKind.Relative), ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bytes = await answer.Content.ReadAsByteArrayAsync(ct);
        var disposition = answer.Content.Headers.ContentDisposition!;
        disposition.DispositionType.ShouldBe("attachment");
        return (format == "csv" ? Csv(bytes) : Xlsx(bytes), answer.Content.Headers.ContentType!.MediaType, disposition.FileName?.Trim('"'));
    }

    private static List<string[]> Csv(byte[] bytes)
    {
        bytes.AsSpan(0, 3).ToArray().ShouldBe([0xEF, 0xBB, 0xBF]);
        using var reader = CsvReader.Create(bytes, new CsvReaderOptions { HasHeader = false, Separator = ',' });
        var rows = new List<string[]>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader[i].ToString())]);
        return rows;
    }

    private static List<string[]> Xlsx(byte[] bytes)
    {
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), isEditable: false);
        new OpenXmlValidator().Validate(document, CancellationToken.None).Select(e => e.Description).ShouldBeEmpty();
        return [.. document.WorkbookPart!.WorksheetParts.Single().Worksheet!.Descendants<Row>().Select(r => r.Elements<Cell>().Select(c => c.InnerText).ToArray())];
    }

    private async Task<JsonElement> JsonAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), ct);
        return await ReportWorld.ReadAsync(answer, ct);
    }

    private async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post) request.Content = JsonContent.Create(new { type = "audit", format = "csv" });
        using var answer = await client.SendAsync(request, ct);
        return answer.StatusCode;
    }
}
