using System.CommandLine;
using System.Net;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr mount-nbd</c>: offers a disk of a point to QEMU or the kernel without restoring it.</summary>
internal static class MountNbdCommand
{
    public sealed record Options(RepositoryPlace Repository, string Point, string? Disk, string? Socket, string? Listen, string? Overlay, string? Profile);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var point = new Argument<string>("POINT") { Description = "latest, latest:HOST, or the beginning of an id" };
        var disk = new Option<string?>("--disk") { Description = "Disk by name or number; may be left out when there is one", HelpName = "NAME|N" };
        var socket = new Option<string?>("--socket") { Description = "Listen on this Unix socket, for its owner only", HelpName = "PATH" };
        var listen = new Option<string?>("--listen") { Description = "Listen on this TCP address, in clear and for everybody who reaches it", HelpName = "ADDR:PORT" };
        var overlay = new Option<string?>("--writable") { Description = "Take writes too, and keep them in this file; it goes on where it was", HelpName = "OVERLAY" };
        var profile = new Option<string?>("--profile") { Description = "Note in which order the disk is read; when the file is there, fetch in its order ahead of the reader", HelpName = "FILE" };
        var command = new Command("mount-nbd", "Offer a disk over NBD until interrupted") { repository.Place, point, disk, socket, listen, overlay, profile };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(point)!, parsed.GetValue(disk), parsed.GetValue(socket), parsed.GetValue(listen), parsed.GetValue(overlay), parsed.GetValue(profile)), report.Of(parsed, io), io, ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        if (options.Socket is null == options.Listen is null) throw new EngineException(Fault.InvalidArgument, "mount-nbd", "name one of --socket and --listen");
        var address = options.Listen is { } listen ? ParseAddress(listen) : null;
        await using var repository = await options.Repository.OpenAsync(ct);
        var entry = await PointFacts.FindAsync(repository, options.Point, ct);
        var disk = PointFacts.Disk(entry, options.Disk);
        var session = await repository.BeginReadAsync(ct);
        var known = options.Profile is { } file && File.Exists(file) ? BootProfile.Load(file) : null;
        var trace = options.Profile is not null && known is null ? new ReadTrace() : null;
        await using var cached = new CachedSource(session.OpenDisk(entry.Id, disk), new CachedSourceOptions { Trace = trace });
        await using var prefetcher = known is null ? null : new Prefetcher(cached, known);
        await using var overlay = options.Overlay is { } path ? CopyOnWriteOverlay.Open(path, cached, $"{entry.Id}/{disk.Name}") : null;
        var limits = new NbdServerOptions { ConnectionFailed = e => report.Note($"a connection failed: {e.Message}") };
        await using var server = new NbdServer([new NbdExport(disk.Name, overlay ?? (IBlockSource)cached, overlay)], limits, io.Time);
        if (address is null) server.ListenUnix(options.Socket!);
        var uri = new NbdUri(false, address?.Address.ToString(), address is null ? 0 : server.ListenTcp(address).Port, address is null ? Path.GetFullPath(options.Socket!) : null, disk.Name);
        report.Summary(new MountDocument(entry.Id.ToString(), disk.Name, disk.Length, uri.ToString(), overlay is not null), ReportJson.Default.MountDocument, $"{disk.Name} of point {entry.Id.Abbreviated} is at {uri} until this is interrupted.");
        await io.Out.FlushAsync(ct);
        await UntilStoppedAsync(ct);
        // Nothing read is no order: the next mount shall note one.
        if (trace is { Count: > 0 }) trace.ToProfile(cached).Save(options.Profile!);
        return ExitCodes.Done;
    }

    // Being told to end is how this command ends well.
    private static async Task UntilStoppedAsync(CancellationToken ct)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = ct.Register(() => stopped.TrySetResult());
        await stopped.Task;
    }

    private static IPEndPoint ParseAddress(string text) => text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out var address)
        ? address
        : throw new EngineException(Fault.InvalidArgument, "--listen", $"'{text}' is no ADDR:PORT such as 127.0.0.1:10809");
}
