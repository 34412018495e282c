using System.Diagnostics;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.Fixtures;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace HyperBdr.Report.Tests;

/// <summary>The real process, killed in the middle of an export.</summary>
public sealed class AKilledReportService(ReportWorld world)
{
    private const int Rows = 12_000;
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task Leaves_an_export_that_the_next_one_finishes_as_one_whole_file()
    {
        var database = await world.Servers.NewDatabaseAsync("report", ct);
        await using var db = Open(database);
        await db.Database.MigrateAsync(ct);
        await world.FillAsync(tenant, Rows, (_, d) => d with { Detail = "{\"request\":\"" + new string('x', 200) + "\"}" }, ct);
        var id = Guid.CreateVersion7();
        db.Exports.Add(new Export { Id = id, TenantId = tenant, Type = Export.Audit, Format = ExportFormat.Xlsx, TimeZone = "UTC", CreatedBy = "ada", CreatedAt = TimeProvider.System.GetUtcNow() });
        await db.SaveChangesAsync(ct);
        var folder = Path.Combine(world.Home, "data", "report", tenant.ToString());

        using (var first = Start(database))
        {
            // Killed when the draft has bytes in it.
            await Eventually.IsAsync(_ => Task.FromResult(Drafts(folder).Any(f => f.Length > 0)), there => there, ct, 40);
            first.Kill();
            await first.WaitForExitAsync(ct);
        }

        (await StateAsync(db, id)).State.ShouldBe(ExportState.Exporting);
        File.Exists(Path.Combine(folder, $"{id}.xlsx")).ShouldBeFalse();

        using var second = Start(database);
        try
        {
            var export = await Eventually.IsAsync(_ => StateAsync(db, id), e => e.State == ExportState.Completed, ct, 55);
            export.Rows.ShouldBe(Rows);
            export.Attempts.ShouldBe(2);
            new DirectoryInfo(folder).GetFiles().Select(f => f.Name).ShouldBe([$"{id}.xlsx"]);
            new FileInfo(Path.Combine(folder, $"{id}.xlsx")).Length.ShouldBe(export.SizeBytes!.Value);
        }
        finally
        {
            second.Kill();
            await second.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static FileInfo[] Drafts(string folder) => Directory.Exists(folder) ? new DirectoryInfo(folder).GetFiles("*.part") : [];

    private async Task<Export> StateAsync(ReportDb db, Guid id) => await db.Exports.AsNoTracking().SingleAsync(e => e.Id == id, ct);

    private ReportDb Open(string database)
    {
        var options = new DbContextOptionsBuilder<ReportDb>();
        options.UseService(database);
        return new ReportDb(options.Options, new ServiceDbParts(new CallContext { Caller = Caller.Service("report", tenant) }, TimeProvider.System, new OutboxSignal()));
    }

    private Process Start(string database)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(typeof(ReportDb).Assembly.Location);
        start.Environment["HYPERBDR_HOME"] = world.Home;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (key, value) in world.Settings(database)) start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }
}
