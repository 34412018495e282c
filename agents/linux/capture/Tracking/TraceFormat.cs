using System.Globalization;

namespace HyperBdr.Capture.Tracking;

/// <summary>Where the fields of a block event lie, by its <c>format</c> file.</summary>
/// <param name="Id">The number in the event's first two bytes.</param>
/// <param name="Device">Offset of the 4-byte device number.</param>
/// <param name="Sector">Offset of the 8-byte first sector.</param>
/// <param name="Sectors">Offset of the 4-byte count.</param>
/// <param name="Operation">Offset of the operation's letters.</param>
/// <param name="OperationBytes">Length of the letters' field.</param>
internal sealed record TraceFormat(int Id, int Device, int Sector, int Sectors, int Operation, int OperationBytes)
{
    /// <summary>Bytes that a record must have.</summary>
    public int LeastBytes => Math.Max(Math.Max(Device + 4, Sector + 8), Math.Max(Sectors + 4, Operation + OperationBytes));

    /// <summary>Reads a <c>format</c> file.</summary>
    /// <exception cref="TrackingUnavailableException">A field is missing or of another size.</exception>
    public static TraceFormat Parse(string text, string name)
    {
        var id = -1;
        var fields = new Dictionary<string, (int Offset, int Size)>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith("ID:", StringComparison.Ordinal)) id = Number(line["ID:".Length..]);
            if (line.StartsWith("field:", StringComparison.Ordinal)) AddField(fields, line);
        }

        var operation = fields.GetValueOrDefault("rwbs");
        if (id is < 0 or > ushort.MaxValue || operation.Size is < 1 or > 64) throw Unknown(name);
        return new TraceFormat(id, Find("dev", 4), Find("sector", 8), Find("nr_sector", 4), operation.Offset, operation.Size);

        int Find(string field, int size) => fields.TryGetValue(field, out var at) && at.Size == size ? at.Offset : throw Unknown(name);
    }

    // "field:char rwbs[10];	offset:34;	size:10;	signed:0;"
    private static void AddField(Dictionary<string, (int Offset, int Size)> fields, string line)
    {
        var parts = line.Split(';', StringSplitOptions.TrimEntries);
        if (parts.Length < 3) return;
        var name = parts[0][(parts[0].LastIndexOf(' ') + 1)..].Split('[')[0];
        var (offset, size) = (Number(After(parts[1])), Number(After(parts[2])));
        if (offset is >= 0 and < 4096 && size is >= 0 and < 4096) fields[name] = (offset, size);
    }

    private static string After(string part) => part[(part.IndexOf(':', StringComparison.Ordinal) + 1)..];

    private static int Number(string text) => int.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;

    private static TrackingUnavailableException Unknown(string name) => new($"the kernel's event {name} has another form than is known");
}
