using HyperBdr.Agents.Commands;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Capture;
using HyperBdr.Engine.IO;
using HyperBdr.LinuxAgent.Control;
using HyperBdr.LinuxAgent.Inventory;
using HyperBdr.LinuxAgent.Layout;
using HyperBdr.LinuxAgent.Settings;
using HyperBdr.LinuxAgent.State;
using HyperBdr.LinuxAgent.Syncs;
using Microsoft.Extensions.Logging;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>The agent for as long as it runs: where its parts are put together.</summary>
internal sealed partial class AgentService(AgentPaths paths, MachineInventory machine, TimeProvider time)
{
    private static readonly TimeSpan LookForEnrolment = TimeSpan.FromSeconds(1);

    /// <summary>Runs until it is ended; a sync that runs then is gone on with by the next start.</summary>
    /// <exception cref="Config.ConfigException">config.ini has a value that the agent does not start with.</exception>
    /// <exception cref="IOException">A folder or the control port cannot be used.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        paths.Create();
        var warnings = new List<string>();
        var settings = AgentSettingsStore.Open(paths, warnings.Add);
        using var logs = new AgentLogs(settings.Config, time);
        var log = logs.Main.CreateLogger<AgentService>();
        foreach (var warning in warnings) Warned(log, warning);
        using var alone = Alone();
        Started(log, AgentVersion.Text, paths.Folder);
        WriteFacts();
        using var cache = StateCache.Open(settings.Config.DatabaseFile, time, line => Database(logs.Database, line));
        using var slot = new SyncSlot();
        var rate = new ReadRate(paths.ReadRate, time);
        await using var tracking = new DiskTracking(logs.Syncs);
        LinkClient? link = null;
        var control = new LocalControl(paths, settings, machine, slot, cache, rate, () => Volatile.Read(ref link)?.State);
        await using (await ControlServer.StartAsync(settings.Config, ControlKey.Create(paths.ControlKey), control, ct))
        {
            try
            {
                var identity = new IdentityStore(paths.Identity);
                await tracking.ForAsync([.. machine.Disks(_ => false).Select(d => new TrackedDisk(d.Id, d.Device))], ct);
                if (!identity.IsEnrolled) NotEnrolled(log);
                await EnrolledAsync(identity, ct);
                WriteClientFiles(settings.Config, identity);
                var syncer = new DiskSyncer(paths, settings, identity.OpenReader, machine, tracking, slot, cache, rate.Limit, time, logs.Syncs);
                var commands = new AgentCommands(syncer, slot, settings, () => logs.SetLevel(settings.Config.LogLevel));
                link = LinkOf(identity, commands, settings, logs);
                await link.RunAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // Ended before it was registered.
            }
        }

        Ended(log);
    }

    private LinkClient LinkOf(IdentityStore identity, AgentCommands commands, AgentSettingsStore settings, AgentLogs logs)
    {
        var registration = new Registration(paths, machine, time);
        var options = new LinkOptions(AgentVersion.Text, _ => Task.FromResult(registration.Facts(settings.ExcludedDiskIds.ToHashSet(StringComparer.Ordinal).Contains)));
        var journal = CommandJournal.Open(paths.Commands, logs.Main.CreateLogger<CommandJournal>());
        return new LinkClient(new GrpcLinkTransport(ConsoleOf, time), ConsoleOf, identity, journal, commands, options, time, logs.Main.CreateLogger<LinkClient>());
    }

    private ConsoleAddress ConsoleOf() => Registration.Console(paths) ?? throw new LinkException($"{paths.Sysconfig} has no line CONSOLE=host:port.");

    // Two agents on one folder would both take each command.
    private FileStream Alone()
    {
        try
        {
            return new FileStream(Path.Combine(paths.Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"Another egisplus-agent runs in {paths.Folder}.", e);
        }
    }

    private async Task EnrolledAsync(IdentityStore identity, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(LookForEnrolment, time);
        while (!identity.IsEnrolled || !File.Exists(paths.Registered)) await timer.WaitForNextTickAsync(ct);
    }

    private void WriteFacts()
    {
        DurableFiles.Write(Path.Combine(paths.Folder, "version"), AgentVersion.Text + "\n");
        DurableFiles.Write(Path.Combine(paths.Folder, "egisplus_version"), $"egisplus-agent {AgentVersion.Text}\n");
        if (!File.Exists(paths.ProtectType)) DurableFiles.Write(paths.ProtectType, "none\n");
        if (SmallFile.Read("/etc/fstab") is { } mounts) DurableFiles.Write(paths.FstabCopy, mounts + "\n");
    }

    // Where other tools of this machine look for the certificate; the agent itself reads its identity folder.
    private static void WriteClientFiles(Config.AgentConfig config, IdentityStore store)
    {
        using var identity = store.Load();
        if (identity is null) return;
        using var key = store.OpenKey();
        DurableFiles.Write(config.ClientCertFile, identity.Certificate.ExportCertificatePem() + "\n");
        DurableFiles.Write(config.ClientKeyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    [LoggerMessage(EventId = 8501, Level = LogLevel.Information, Message = "Agent {Version} started in {Folder}")]
    private static partial void Started(ILogger log, string version, string folder);

    [LoggerMessage(EventId = 8502, Level = LogLevel.Information, Message = "Agent ended")]
    private static partial void Ended(ILogger log);

    [LoggerMessage(EventId = 8503, Level = LogLevel.Warning, Message = "{What}")]
    private static partial void Warned(ILogger log, string what);

    [LoggerMessage(EventId = 8504, Level = LogLevel.Warning, Message = "This machine is not registered; it waits for 'egisplus-agent enroll'")]
    private static partial void NotEnrolled(ILogger log);

    [LoggerMessage(EventId = 8505, Level = LogLevel.Information, Message = "{What}")]
    private static partial void Database(ILogger log, string what);
}
