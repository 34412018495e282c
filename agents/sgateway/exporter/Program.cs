using System.CommandLine;
using System.Net;
using System.Reflection;
using HyperBdr.Agents.Link;
using HyperBdr.Agents.Logs;
using HyperBdr.Agents.Settings;
using HyperBdr.Exporter;
using HyperBdr.Exporter.Collectors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

var config = new Option<FileInfo>("--config") { Description = "Configuration file", HelpName = "FILE", DefaultValueFactory = _ => new FileInfo("/opt/hyper_exporter/config.ini") };
var root = new RootCommand("Metrics of this machine, and of the sync gateway's data service, in the Prometheus text format.") { config };
root.SetAction((parsed, ct) => ServeAsync(parsed.GetValue(config)!.FullName, ct));
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (SettingsException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
catch (IOException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 3;
}

static async Task<int> ServeAsync(string path, CancellationToken ct)
{
    var settings = SettingsFile.Open(path, ExporterSettings.All, InstallKey.Open(Path.Combine(Path.GetDirectoryName(path)!, "install.key")), NullLogger.Instance);
    var logOptions = new LogFileOptions(settings.Get(ExporterSettings.LogPath), "hyperexporter")
    {
        MaxBytes = settings.Get(ExporterSettings.LogFileMaxSize) << 20,
        MaxFiles = (int)settings.Get(ExporterSettings.LogFileMaxBackups),
        Level = settings.Get(ExporterSettings.LogLevel) switch { "debug" => LogLevel.Debug, "warn" => LogLevel.Warning, "error" => LogLevel.Error, _ => LogLevel.Information },
    };
    using var log = new FileLogging(logOptions, "hyper_exporter", TimeProvider.System);
    var machine = new MachineCollector(new ProcFiles(""));
    var services = new ServiceCollector(new ProcFiles(""), settings.Get(ExporterSettings.ServiceType));
    using var data = settings.Get(ExporterSettings.ServiceType) == "s3block" && settings.Get(ExporterSettings.S3BlockMetrics) is { Length: > 0 } url
        ? new S3BlockCollector(new Uri(url), TimeSpan.FromSeconds(settings.Get(ExporterSettings.Timeout)))
        : null;
    var listen = ConsoleAddress.Parse(settings.Get(ExporterSettings.Listen));
    var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
    builder.Logging.AddProvider(log).AddFilter("Microsoft", LogLevel.Warning);
    builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
    {
        k.AddServerHeader = false;
        k.Limits.MaxConcurrentConnections = 16;
        k.Limits.MaxRequestBodySize = 0;
        if (IPAddress.TryParse(listen.Host, out var address)) k.Listen(address, listen.Port);
        else k.ListenLocalhost(listen.Port);
    });
    await using var app = builder.Build();
    app.Run(http => AnswerAsync(http, settings, machine, services, data));
    await app.StartAsync(ct);
    try
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, ct);
    }
    catch (OperationCanceledException) when (ct.IsCancellationRequested)
    {
        // Told to end.
    }

    await app.StopAsync(CancellationToken.None);
    return 0;
}

static async Task AnswerAsync(HttpContext http, SettingsFile settings, MachineCollector machine, ServiceCollector services, S3BlockCollector? data)
{
    if (http.Request.Path != "/metrics" || http.Request.Method != "GET")
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return;
    }

    var text = new MetricText();
    var version = typeof(MetricText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
    text.Gauge("hyperbdr_exporter_info", "This exporter.", 1, ("version", version), ("service_type", settings.Get(ExporterSettings.ServiceType)), ("exporter_id", settings.Get(ExporterSettings.ExporterId)));
    machine.Write(text);
    services.Write(text);
    if (data is not null) await data.WriteAsync(text, http.RequestAborted);
    http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
    await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
}
