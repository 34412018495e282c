using System.Text.Json.Nodes;
using HyperBdr.Engine.IO;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>One machine: its record, its QEMU while it is on, and the fetching of its serial text. Its own calls come one after the other.</summary>
internal sealed class KvmMachine : IAsyncDisposable
{
    private const int MaxScreenshot = 32 << 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim turn = new(1);
    private readonly KvmHost host;
    private readonly MachineFolder folder;
    private readonly BoundedLog serial;
    private readonly Guid id;
    /// <summary>While QEMU runs and is attached.</summary>
    private SerialFetch? running;

    public KvmMachine(KvmHost host, Guid id)
    {
        (this.host, this.id) = (host, id);
        folder = new(host.FolderOf(id));
        serial = new(folder.Path, host.Settings.SerialBytes);
    }

    private MachineRecord Record => host.Machines.Find(id) ?? throw new PlatformException(PlatformFault.NotFound, id.ToString(), "there is no such machine");

    /// <summary>After the driver was opened: takes over a QEMU that runs, ends what a crash left half done.</summary>
    public Task RecoverAsync(CancellationToken ct) => AloneAsync(async () =>
    {
        switch (Record.Stage)
        {
            case MachineStage.On when Record.Process!.IsAlive:
                Attach();
                break;
            case MachineStage.On:
                await EndAsync("QEMU had ended when the driver was opened" + QemuLaunch.Said(folder), ct);
                break;
            case MachineStage.Starting:
                await EndAsync("the driver ended while it started the machine", ct);
                break;
            case MachineStage.Deleting:
                await RemoveAsync(ct);
                break;
        }
    }, ct);

    public Task StartAsync(CancellationToken ct) => AloneAsync(async () =>
    {
        if (Record.Stage == MachineStage.Deleting) throw new PlatformException(PlatformFault.NotFound, id.ToString(), "is being deleted");
        if (Record.Stage == MachineStage.On && (await StateAsync(ct)).State is not ResourceState.Off) return;
        try
        {
            await LaunchAsync(ct);
        }
        catch (Exception e) when (e is PlatformException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            await EndAsync(e is PlatformException ? e.Message : $"did not start: {e.Message}", CancellationToken.None);
            if (e is PlatformException or OperationCanceledException) throw;
            throw new PlatformException(PlatformFault.Failed, Record.Request.Name, e.Message, e);
        }
    }, ct);

    /// <summary>What it is now. A guest that went off by itself is switched off for good here.</summary>
    public async Task<(ResourceState State, string? Reason)> LookAsync(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            return await StateAsync(ct);
        }
        finally
        {
            turn.Release();
        }
    }

    public Task PowerOffAsync(TimeSpan grace, CancellationToken ct) => AloneAsync(async () =>
    {
        if (Record.Stage != MachineStage.On) return;
        var begin = host.Time.GetTimestamp();
        if (grace > TimeSpan.Zero) await TryCallAsync("system_powerdown", ct);
        using var again = new PeriodicTimer(LookEvery, host.Time);
        while (Record.Stage == MachineStage.On && host.Time.GetElapsedTime(begin) < grace)
        {
            // Gone off by itself: then there is nothing left to do.
            if ((await StateAsync(ct)).State is ResourceState.Off) return;
            await again.WaitForNextTickAsync(ct);
        }

        if (Record.Stage == MachineStage.On) await EndAsync(null, ct);
    }, ct);

    public Task DeleteAsync(CancellationToken ct) => AloneAsync(async () =>
    {
        if (host.Machines.Update(id, r => r with { Stage = MachineStage.Deleting }) is not null) await RemoveAsync(ct);
    }, ct);

    public async Task<byte[]> ScreenshotAsync(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            MustRun();
            File.Delete(folder.Screenshot);
            await running!.Qmp.ExecuteAsync("screendump", new JsonObject { ["filename"] = folder.Screenshot, ["format"] = "png" }, ct);
            return DurableFiles.Read(folder.Screenshot, MaxScreenshot) ?? throw new PlatformException(PlatformFault.Failed, Record.Request.Name, "QEMU made no picture");
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<SerialText> ReadSerialAsync(long from, CancellationToken ct)
    {
        if (running is { } fetch && Record.Stage == MachineStage.On) await TryFetchAsync(fetch, ct);
        return serial.Read(from);
    }

    public Task<bool> PingGuestAsync(CancellationToken ct)
    {
        MustRun();
        return GuestAgentLine.PingAsync(folder.GuestAgent, host.Time, ct);
    }

    public Uri Console()
    {
        MustRun();
        return new Uri("unix:" + folder.Screen);
    }

    /// <summary>Leaves the machine as it is.</summary>
    public async ValueTask DisposeAsync() => await DetachAsync();

    private void MustRun()
    {
        if (Record is not { Stage: MachineStage.On, Process.IsAlive: true }) throw new PlatformException(PlatformFault.NotRunning, Record.Request.Name, "does not run");
    }

    private async Task AloneAsync(Func<Task> work, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            await work();
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<(ResourceState State, string? Reason)> StateAsync(CancellationToken ct)
    {
        if (Record.Stage == MachineStage.Starting) return (ResourceState.Creating, null);
        if (Record.Stage == MachineStage.Deleting) return (ResourceState.Deleting, null);
        if (Record.Stage == MachineStage.Off) return (ResourceState.Off, Record.Reason);
        if (!Record.Process!.IsAlive)
        {
            await EndAsync("QEMU ended unexpectedly" + QemuLaunch.Said(folder), ct);
            return (ResourceState.Off, Record.Reason);
        }

        return await AskAsync(ct);
    }

    /// <summary>A QEMU that does not answer is a state of the machine, not a failure of the question.</summary>
    private async Task<(ResourceState State, string? Reason)> AskAsync(CancellationToken ct)
    {
        string? status;
        try
        {
            status = (string?)(await running!.Qmp.ExecuteAsync("query-status", null, ct))["status"];
        }
        catch (PlatformException e) when (e.Fault == PlatformFault.Unavailable)
        {
            return (ResourceState.Stalled, e.Message);
        }

        switch (status)
        {
            case "running":
                return (ResourceState.Running, null);
            case "shutdown":
                await EndAsync("the guest went off", ct);
                return (ResourceState.Off, Record.Reason);
            case "io-error":
                return (ResourceState.Stalled, "a disk failed: its exporter is gone or has no room");
            default:
                return (ResourceState.Stalled, $"QEMU says {status}");
        }
    }

    private async Task LaunchAsync(CancellationToken ct)
    {
        await ClearAsync(ct);
        var record = Change(r => r with { Stage = MachineStage.Starting, Process = null, Reason = null, SerialFrom = serial.End });
        DurableFiles.MakeFolder(folder.Path);
        var request = record.Request;
        if (request.Firmware == Firmware.Uefi && !File.Exists(folder.UefiVariables)) File.Copy(host.Settings.UefiVariables, folder.UefiVariables);
        for (var i = 0; i < request.Nics.Count; i++)
        {
            var (space, bridge) = host.PlaceOf(request.Nics[i].Network);
            await HostNetwork.CreateTapAsync(space, HostNetwork.TapName(id, i), bridge, ct);
        }

        var process = await RunQemuAsync(record, ct);
        Change(r => r with { Stage = MachineStage.On, Process = process, BootedAt = host.Time.GetUtcNow() });
        Attach();
    }

    private async Task<ProcessIdentity> RunQemuAsync(MachineRecord record, CancellationToken ct)
    {
        var request = record.Request;
        var space = request.Nics.Count > 0 ? host.PlaceOf(request.Nics[0].Network).Space : null;
        string[] line =
        [
            .. host.Confinement.Before(request), .. HostNetwork.Enter(space), host.Settings.Qemu,
            .. QemuCommand.Arguments(request, folder, host.Settings, record.Accelerator, d => host.Disks.Find(d)!.Request),
        ];
        return await QemuLaunch.RunAsync(request, folder, line, host.Time, ct);
    }

    private MachineRecord Change(Func<MachineRecord, MachineRecord> change) => host.Machines.Update(id, change) ?? throw new PlatformException(PlatformFault.NotFound, id.ToString(), "there is no such machine");

    private async Task EndAsync(string? reason, CancellationToken ct)
    {
        await ClearAsync(ct);
        Change(r => r with { Stage = MachineStage.Off, Process = null, Reason = reason });
    }

    /// <summary>Ends QEMU, if there is one, takes its last words, and removes what it needed while it was on.</summary>
    private async Task ClearAsync(CancellationToken ct)
    {
        if (running is { } fetch && Record.Process is { IsAlive: true }) await TryFetchAsync(fetch, ct);
        await DetachAsync();
        await KillAsync(ct);
        await RemoveTapsAsync(ct);
        if (Directory.Exists(folder.Path)) foreach (var socket in folder.Sockets) File.Delete(socket);
    }

    private async Task KillAsync(CancellationToken ct)
    {
        if (Record.Process is { } known) await known.KillAsync(host.Time, ct);
        // One that a crash left without a record of its process.
        foreach (var stray in ProcessIdentity.StartedWith(QemuCommand.ProcessFileOption, folder.ProcessFile)) await stray.KillAsync(host.Time, ct);
        host.Confinement.Remove(id);
    }

    private async Task RemoveTapsAsync(CancellationToken ct)
    {
        for (var i = 0; i < Record.Request.Nics.Count; i++) await HostNetwork.DeleteTapAsync(host.PlaceOf(Record.Request.Nics[i].Network).Space, HostNetwork.TapName(id, i), ct);
    }

    private async Task RemoveAsync(CancellationToken ct)
    {
        await DetachAsync();
        await KillAsync(ct);
        await RemoveTapsAsync(ct);
        if (Directory.Exists(folder.Path)) Directory.Delete(folder.Path, recursive: true);
        // Last: until here the next driver knows what there may be.
        host.Machines.Remove(id);
    }

    private void Attach() => running = new SerialFetch(new QmpLink(folder.Qmp, host.Time), serial, host.Time);

    private async Task DetachAsync()
    {
        if (running is not null) await running.DisposeAsync();
        running = null;
    }

    private static async Task TryFetchAsync(SerialFetch fetch, CancellationToken ct)
    {
        try
        {
            await fetch.NowAsync(ct);
        }
        catch (ObjectDisposedException)
        {
            // The machine goes off at this moment, which fetches by itself.
        }
    }

    private async Task TryCallAsync(string command, CancellationToken ct)
    {
        try
        {
            await running!.Qmp.ExecuteAsync(command, null, ct);
        }
        catch (PlatformException e) when (e.Fault is PlatformFault.Unavailable or PlatformFault.Failed)
        {
            // A QEMU that takes no order is ended by force when the grace is over.
        }
    }
}
