using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Capture.Tracking;

/// <summary>A trace buffer of our own with the block events of some devices. One caller at a time.</summary>
internal sealed class TraceInstance : IDisposable
{
    /// <summary>Pages of one processor that are read in one go: a processor that writes faster than it is read must not hold up the others.</summary>
    private const int MaxPages = 65_536;

    private static readonly string[] Lost = ["overrun", "commit overrun", "dropped events"];
    private readonly Dictionary<int, (TraceFormat Format, bool IsQueue)> events = [];
    private readonly List<(string Folder, SafeFileHandle Pipe)> processors = [];
    private readonly Dictionary<string, long> lostBefore = new(StringComparer.Ordinal);
    private readonly RingPage layout;
    private readonly byte[] page;

    private TraceInstance(string folder)
    {
        Folder = folder;
        layout = RingPage.Parse(File.ReadAllText(Path.Combine(folder, "events", "header_page")));
        page = GC.AllocateArray<byte>(layout.Bytes, pinned: true);
    }

    /// <summary>Its place in tracefs.</summary>
    public string Folder { get; }

    /// <summary>What an event says.</summary>
    /// <param name="Device">Major and minor number, as the kernel packs them.</param>
    /// <param name="Sector">First sector of 512 bytes, counted from the begin of the whole disk.</param>
    /// <param name="Sectors">How many.</param>
    /// <param name="IsQueue">True for a request that has entered a device without a queue of its own, or not yet a queue.</param>
    public readonly record struct Write(uint Device, ulong Sector, uint Sectors, bool IsQueue);

    /// <summary>Begins to trace.</summary>
    /// <param name="traceFolder">tracefs.</param>
    /// <param name="bufferKilobytes">Of each processor.</param>
    /// <param name="requests">Devices whose requests are followed.</param>
    /// <param name="queued">Devices (with their partitions) for which every queued write is followed.</param>
    /// <param name="queuedDiscards">Devices (with their partitions) for which queued discards are followed.</param>
    /// <exception cref="TrackingUnavailableException">The kernel does not allow it.</exception>
    public static TraceInstance Start(string traceFolder, int bufferKilobytes, IReadOnlyCollection<uint> requests, IReadOnlyCollection<uint> queued, IReadOnlyCollection<uint> queuedDiscards)
    {
        var instances = TraceFs.Instances(traceFolder);
        TraceInstance? made = null;
        var folder = Path.Combine(instances, $"{TraceFs.InstancePrefix}{Environment.ProcessId}-{Guid.CreateVersion7():n}");
        try
        {
            TraceFs.RemoveLeftOvers(instances);
            Directory.CreateDirectory(folder);
            made = new TraceInstance(folder);
            made.Open(bufferKilobytes);
            if (requests.Count > 0)
            {
                made.Enable("block_rq_issue", $"({AnyOf(requests)}) && !(rwbs ~ \"R*\")", isQueue: false);
                made.Enable("block_rq_complete", $"({AnyOf(requests)}) && !(rwbs ~ \"R*\")", isQueue: false);
            }

            List<string> bios = [];
            if (queued.Count > 0) bios.Add($"(({AnyOf(queued)}) && !(rwbs ~ \"R*\"))");
            if (queuedDiscards.Count > 0) bios.Add($"(({AnyOf(queuedDiscards)}) && rwbs ~ \"*D*\")");
            if (bios.Count > 0) made.Enable("block_bio_queue", string.Join(" || ", bios), isQueue: true);
            if (made.Losses() is { } lost) throw new TrackingUnavailableException(lost);
            return made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TrackingUnavailableException)
        {
            made?.Dispose();
            TraceFs.TryRemove(folder);
            throw e as TrackingUnavailableException ?? new TrackingUnavailableException($"block events cannot be traced: {e.Message}", e);
        }
    }

    /// <summary>Gives every write that the kernel has noted and not given yet.</summary>
    /// <returns>Null when none is missing; else why.</returns>
    public string? Drain(Action<Write> visit)
    {
        string? why = null;
        foreach (var (_, pipe) in processors)
        {
            for (var pages = 0; pages < MaxPages; pages++)
            {
                var got = Sys.ReadNow(pipe, page);
                if (got == 0) break;
                why = layout.Visit(page.AsSpan(0, got), record => Visit(record, visit)) ?? why;
                if (pages == MaxPages - 1) why ??= "events come faster than they are read";
            }
        }

        return why ?? Losses() ?? Disturbance();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.WriteAllText(Path.Combine(Folder, "tracing_on"), "0");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is about to go anyway; what cannot be removed is removed by the next start.
        }

        foreach (var (_, pipe) in processors) pipe.Dispose();
        TraceFs.TryRemove(Folder);
    }

    private static string AnyOf(IEnumerable<uint> devices) => string.Join(" || ", devices.Select(d => string.Create(CultureInfo.InvariantCulture, $"dev == {d}")));

    private void Open(int bufferKilobytes)
    {
        File.WriteAllText(Path.Combine(Folder, "buffer_size_kb"), bufferKilobytes.ToString(CultureInfo.InvariantCulture));
        // Full means that new events are refused and counted, instead of old ones overwritten while they are read.
        File.WriteAllText(Path.Combine(Folder, "options", "overwrite"), "0");
        foreach (var processor in Directory.EnumerateDirectories(Path.Combine(Folder, "per_cpu"), "cpu*"))
        {
            processors.Add((processor, Sys.OpenNonBlocking(Path.Combine(processor, "trace_pipe_raw"))));
        }

        if (processors.Count == 0) throw new TrackingUnavailableException("tracefs shows no processor");
    }

    private void Enable(string name, string filter, bool isQueue)
    {
        var at = Path.Combine(Folder, "events", "block", name);
        var format = TraceFormat.Parse(File.ReadAllText(Path.Combine(at, "format")), name);
        events[format.Id] = (format, isQueue);
        File.WriteAllText(Path.Combine(at, "filter"), filter);
        File.WriteAllText(Path.Combine(at, "enable"), "1");
    }

    private bool Visit(ReadOnlySpan<byte> record, Action<Write> visit)
    {
        if (record.Length < 2 || !events.TryGetValue(BitConverter.ToUInt16(record), out var known) || record.Length < known.Format.LeastBytes) return false;
        var format = known.Format;
        // "FR" reads behind a flush: the kernel's filter lets them through.
        var operation = record.Slice(format.Operation, format.OperationBytes);
        var letter = operation.Length > 1 && operation[0] == (byte)'F' ? operation[1] : operation[0];
        if (letter == (byte)'R') return true;
        visit(new Write(BitConverter.ToUInt32(record[format.Device..]), BitConverter.ToUInt64(record[format.Sector..]), BitConverter.ToUInt32(record[format.Sectors..]), known.IsQueue));
        return true;
    }

    // "overrun: 0", "dropped events: 0" and others, a line each.
    private string? Losses()
    {
        string? why = null;
        foreach (var (processor, _) in processors)
        {
            foreach (var line in File.ReadLines(Path.Combine(processor, "stats")))
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon < 0 || !Lost.Contains(line[..colon], StringComparer.Ordinal)) continue;
                var count = long.TryParse(line.AsSpan(colon + 1).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;
                var key = $"{processor} {line[..colon]}";
                if (count != lostBefore.GetValueOrDefault(key)) why = $"the kernel dropped {count - lostBefore.GetValueOrDefault(key)} block events: the buffer was full";
                lostBefore[key] = count;
            }
        }

        return why;
    }

    /// <summary>Somebody else with the same rights may have stopped what we follow.</summary>
    private string? Disturbance()
    {
        if (File.ReadAllText(Path.Combine(Folder, "tracing_on")).Trim() != "1") return "tracing was switched off";
        return Directory.EnumerateDirectories(Path.Combine(Folder, "per_cpu"), "cpu*").Count() == processors.Count ? null : "a processor was added";
    }
}
