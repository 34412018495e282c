using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;
using HyperBdr.Platforms;
using HyperBdr.Platforms.Exports;
using HyperBdr.Platforms.Kvm;
using HyperBdr.Platforms.Model;
using HyperBdr.Platforms.Proof;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr boot</c>: runs a point as a machine of this host, without restoring it and without the console.</summary>
internal static class BootCommand
{
    private const string Exports = "disks.sock";

    public sealed record Options(
        RepositoryPlace Repository, string Point, string Folder, string Firmware, string Bus, int Memory, int Cpus, string? Bridge, string Mac, string? Until, int Within, string? Screenshot, bool Stay);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var point = new Argument<string>("POINT") { Description = "latest, latest:HOST, or the beginning of an id" };
        var folder = new Option<string>("--folder") { Description = "For what the machine writes and for its sockets; the same folder goes on where it was, so keep it as long as the writes matter (at most 55 characters)", HelpName = "DIR", Required = true };
        var firmware = new Option<string>("--firmware") { Description = "bios or uefi", DefaultValueFactory = _ => "bios" }.AcceptOnlyFromAmong("bios", "uefi");
        var bus = new Option<string>("--bus") { Description = "How the machine sees its disks: virtio or sata", DefaultValueFactory = _ => "virtio" }.AcceptOnlyFromAmong("virtio", "sata");
        var memory = new Option<int>("--memory") { Description = "Memory of the machine", HelpName = "MIB", DefaultValueFactory = _ => 2048 };
        var cpus = new Option<int>("--cpus") { Description = "Processors of the machine", HelpName = "N", DefaultValueFactory = _ => 1 };
        var bridge = new Option<string?>("--bridge") { Description = "Put the machine on this bridge of the host; without it the machine has no network", HelpName = "NAME" };
        var mac = new Option<string>("--mac") { Description = "Address of its network card", HelpName = "ADDRESS", DefaultValueFactory = _ => "52:54:00:68:62:01" };
        var until = new Option<string?>("--expect") { Description = "The boot is proven when the first serial line shows this regular expression; without it nothing is proven", HelpName = "REGEX" };
        var within = new Option<int>("--within") { Description = "Limit of --expect", HelpName = "SECONDS", DefaultValueFactory = _ => 300 };
        var screenshot = new Option<string?>("--screenshot") { Description = "Write the machine's screen there (PNG) when the boot is proven or has failed", HelpName = "FILE" };
        var stay = new Option<bool>("--stay") { Description = "Keep the machine on until it goes off or this is interrupted; else it is switched off after the proof" };
        var command = new Command("boot", "Run a point as a machine of this host") { repository.Place, point, folder, firmware, bus, memory, cpus, bridge, mac, until, within, screenshot, stay };
        command.SetAction((parsed, ct) => RunAsync(
            new(repository.Of(parsed), parsed.GetValue(point)!, Path.GetFullPath(parsed.GetValue(folder)!), parsed.GetValue(firmware)!, parsed.GetValue(bus)!, parsed.GetValue(memory), parsed.GetValue(cpus),
                parsed.GetValue(bridge), parsed.GetValue(mac)!, parsed.GetValue(until), parsed.GetValue(within), parsed.GetValue(screenshot), parsed.GetValue(stay)), report.Of(parsed, io), io, ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        try
        {
            return await BootAsync(options, report, io, ct);
        }
        catch (PlatformException e)
        {
            throw new EngineException(e.Fault is PlatformFault.InvalidRequest or PlatformFault.NotFound or PlatformFault.Unsupported ? Fault.InvalidArgument : e.Fault is PlatformFault.Unavailable ? Fault.Busy : Fault.TargetFailed, e.Subject, e.Message, e);
        }
    }

    private static async Task<int> BootAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        var began = io.Time.GetTimestamp();
        Directory.CreateDirectory(options.Folder);
        await using var repository = await options.Repository.OpenAsync(ct);
        var entry = await PointFacts.FindAsync(repository, options.Point, ct);
        var session = await repository.BeginReadAsync(ct);
        var disks = entry.Point!.Disks.Select((disk, i) => new ExportedDisk($"disk{i}", session.OpenDisk(entry.Id, disk), $"{entry.Id}/{disk.Name}", Path.Combine(options.Folder, $"disk{i}.overlay"), Path.Combine(options.Folder, $"disk{i}.profile"))).ToList();
        await using var exports = await DiskExports.OpenAsync(Path.Combine(options.Folder, Exports), disks, io.Time, e => report.Note($"a disk's connection failed: {e.Message}"));
        await using var platform = await KvmPlatform.OpenAsync(new KvmSettings(Path.Combine(options.Folder, "kvm")), io.Time, ct);
        // What an interrupted run before left: its machine has lost its disks.
        var owner = new ResourceTags(Guid.Empty, Guid.Empty);
        await ClearAsync(platform, owner);
        try
        {
            var machine = await StartAsync(platform, options, entry.Point.Host, owner, disks, exports, ct);
            var seconds = io.Time.GetElapsedTime(began).TotalSeconds;
            report.Note($"{platform.Capabilities.Accelerator}: QEMU runs after {seconds:0.0} s; screen at {await platform.ConsoleAsync(machine, ct)}");
            var proof = await ProofOfBoot.RunAsync(platform, machine, options.Until is { } pattern ? [new SerialProbe("serial", TimeSpan.FromSeconds(options.Within), pattern)] : [], io.Time, ct);
            if (proof.State == ProofState.Proven) exports.KeepProfiles();
            if (options.Screenshot is { } picture && (await platform.InspectAsync(machine, ct)).Resource.State is ResourceState.Running) await File.WriteAllBytesAsync(picture, await platform.ScreenshotAsync(machine, ct), ct);
            var document = new BootDocument(entry.Id.ToString(), proof.State.ToString().ToLowerInvariant(), platform.Capabilities.Accelerator, Math.Round(seconds, 3), Math.Round(proof.Took.TotalSeconds, 3), proof.Probes.Count > 0 ? proof.Probes[0].Evidence : null, proof.Reason);
            report.Summary(document, ReportJson.Default.BootDocument, $"Point {entry.Id.Abbreviated}: {document.State}{(document.Reason is { } why ? $" ({why})" : $" after {document.ProofSeconds:0.0} s: {document.Evidence}")}.");
            await io.Out.FlushAsync(ct);
            if (options.Stay && proof.State != ProofState.Failed) await WhileOnAsync(platform, machine, ct);
            return proof.State == ProofState.Failed ? ExitCodes.Target : ExitCodes.Done;
        }
        finally
        {
            await ClearAsync(platform, owner);
        }
    }

    private static async Task<Guid> StartAsync(KvmPlatform platform, Options options, string host, ResourceTags owner, List<ExportedDisk> disks, DiskExports exports, CancellationToken ct)
    {
        var attached = new List<AttachedDisk>();
        foreach (var disk in disks)
        {
            var made = await platform.CreateDiskAsync(new(Guid.CreateVersion7(), owner, exports.UriOf(disk.Name), disk.Source.Length!.Value), ct);
            attached.Add(new(made.Id, options.Bus == "sata" ? DiskBus.Sata : DiskBus.Virtio));
        }

        var nics = new List<AttachedNic>();
        if (options.Bridge is { } bridge) nics.Add(new((await platform.CreateNetworkAsync(new(Guid.CreateVersion7(), owner, NetworkKind.Bridged, Uplink: bridge), ct)).Id, options.Mac));
        // A host may be called anything; the machine's name is only for whoever looks at the list of processes.
        var name = new string([.. host.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        var machine = new MachineRequest(Guid.CreateVersion7(), owner, "h" + name, options.Cpus, options.Memory, options.Firmware == "uefi" ? Firmware.Uefi : Firmware.Bios, attached, nics, Priority.Normal);
        return (await platform.BootAsync(machine, ct)).Id;
    }

    /// <summary>Until the guest goes off, or the command is told to end: then it is asked to go off.</summary>
    private static async Task WhileOnAsync(KvmPlatform platform, Guid machine, CancellationToken ct)
    {
        using var again = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while ((await platform.InspectAsync(machine, ct)).Resource.State is ResourceState.Running) await again.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await platform.PowerOffAsync(machine, TimeSpan.FromMinutes(1), CancellationToken.None);
        }
    }

    private static async Task ClearAsync(KvmPlatform platform, ResourceTags owner)
    {
        var all = await platform.ListAsync(owner.Owner, CancellationToken.None).ToListAsync();
        foreach (var resource in all.OrderByDescending(r => r.Kind)) await platform.DeleteAsync(resource.Kind, resource.Id, CancellationToken.None);
    }
}
