using System.Runtime.InteropServices;
using HyperBdr.Agents.Commands;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Agents.Logs;
using HyperBdr.Agents.Settings;
using HyperBdr.Watchman.Supervision;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HyperBdr.Watchman.Commands;

/// <summary>The program as it runs all day: s3block, its log, the link, the configuration file.</summary>
internal static partial class RunCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(string path, string? supervise, bool together, TimeProvider time)
    {
        // What is wrong with the settings is said before anything is written to a log.
        var gateway = Gateway.Open(path, time, NullLogger.Instance);
        using var only = Claim(gateway.Home);
        using var file = new FileLogging(new LogFileOptions(gateway.Home.Logs, "watchman") { ByDay = true, Stdout = true, Level = LevelOf(gateway) }, "watchman", time);
        using var logging = FileLogging.Factory(file);
        gateway = Gateway.Open(path, time, logging.CreateLogger<SettingsFile>());
        new ProcessFile(gateway.Home.OwnProcess, time).Keep(Environment.ProcessId);

        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        gateway.EnsureCertificate();
        using var child = new ChildDataService(gateway.Home, time);
        IDataService service = supervise == "systemd" || (supervise is null && SystemdDataService.IsThere && gateway.Home.Path == "/var/lib/sgateway") ? new SystemdDataService() : child;
        await HoldAsync(gateway, service, file, logging, time, stop);
        if (together) await service.StopAsync(CancellationToken.None);
        return 0;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task HoldAsync(Gateway gateway, IDataService service, FileLogging file, ILoggerFactory logging, TimeProvider time, CancellationTokenSource stop)
    {
        var log = logging.CreateLogger(nameof(Watchman));
        Began(log, Gateway.Version, gateway.Home.Path);
        using var supervisor = new Supervisor(service, gateway.Health, time, log);
        using var handler = new GatewayCommands(gateway, supervisor, time);
        using var dataLog = new LogFile(new LogFileOptions(gateway.Home.Logs, "s3block") { ByDay = true }, time);
        Task[] all =
        [
            supervisor.RunAsync(stop.Token),
            new OutputLog(gateway.Home.DataOutput, dataLog, time).RunAsync(stop.Token),
            LinkAsync(gateway, handler, new GatewayConditions(gateway, supervisor, time), logging, time, stop.Token),
            WatchAsync(gateway, file, log, time, stop.Token),
        ];
        try
        {
            await await Task.WhenAny(all);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to end.
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ended(log);
        }
    }

    private static async Task LinkAsync(Gateway gateway, GatewayCommands handler, GatewayConditions conditions, ILoggerFactory logging, TimeProvider time, CancellationToken ct)
    {
        var store = new IdentityStore(gateway.Home.Certificates);
        using var timer = new PeriodicTimer(LookEvery, time);
        // The data port serves without a console too; enrolment may come later, by the command beside this process.
        while (!store.IsEnrolled) await timer.WaitForNextTickAsync(ct);
        gateway.Settings.Reload();
        var transport = new DuplexLinkTransport(() => new Uri(gateway.Settings.Get(GatewaySettings.WebsocketServer)), time);
        var journal = CommandJournal.Open(gateway.Home.Journal, logging.CreateLogger<CommandJournal>());
        var options = new LinkOptions(Gateway.Version, _ => Task.FromResult(gateway.Inventory())) { Conditions = conditions.Now };
        await new LinkClient(transport, () => gateway.Console, store, journal, handler, options, time, logging.CreateLogger<LinkClient>()).RunAsync(ct);
    }

    /// <summary>Takes over a changed configuration file and renews the data port's certificate in time.</summary>
    private static async Task WatchAsync(Gateway gateway, FileLogging file, ILogger log, TimeProvider time, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        var seen = File.GetLastWriteTimeUtc(gateway.Home.Configuration);
        while (await timer.WaitForNextTickAsync(ct))
        {
            try
            {
                gateway.EnsureCertificate();
                if (File.GetLastWriteTimeUtc(gateway.Home.Configuration) is var written && written == seen) continue;
                seen = written;
                foreach (var setting in gateway.Settings.Reload()) Changed(log, setting.Key);
                file.Level = LevelOf(gateway);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                NotWatched(log, e.Message);
            }
        }
    }

    private static LogLevel LevelOf(Gateway gateway) => (LogLevel)(gateway.Settings.Get(GatewaySettings.LogLevel) + 1);

    private static FileStream Claim(GatewayHome home)
    {
        try
        {
            return new FileStream(home.OwnLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"Another watchman runs in {home.Path}.", e);
        }
    }

    [LoggerMessage(EventId = 8311, Level = LogLevel.Information, Message = "watchman {Version} runs in {Home}")]
    private static partial void Began(ILogger log, string version, string home);

    [LoggerMessage(EventId = 8312, Level = LogLevel.Information, Message = "watchman ends")]
    private static partial void Ended(ILogger log);

    [LoggerMessage(EventId = 8313, Level = LogLevel.Information, Message = "{Key} was changed in the configuration")]
    private static partial void Changed(ILogger log, string key);

    [LoggerMessage(EventId = 8314, Level = LogLevel.Error, Message = "Configuration or certificate cannot be looked at: {Reason}")]
    private static partial void NotWatched(ILogger log, string reason);
}
