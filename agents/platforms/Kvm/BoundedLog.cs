using System.Globalization;
using System.Text;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Text that only grows at its end, of which the newest part is kept: two files whose names say where in the text they begin. Safe for calls side by side.</summary>
internal sealed class BoundedLog(string folder, int maxBytes)
{
    private const string Prefix = "serial.";
    private readonly Lock gate = new();

    /// <summary>Position after the last character.</summary>
    public long End
    {
        get
        {
            lock (gate) return Parts() is [.., var last] ? last.From + last.File.Length : 0;
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        lock (gate)
        {
            var parts = Parts();
            var (path, end) = parts is [.., var last] ? (last.File.FullName, last.From + last.File.Length) : (PathOf(0), 0L);
            if (parts is [.., var full] && full.File.Length >= maxBytes / 2)
            {
                foreach (var old in parts[..^1]) old.File.Delete();
                path = PathOf(end);
            }

            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Write(bytes);
        }
    }

    public SerialText Read(long from)
    {
        lock (gate)
        {
            var (begin, bytes) = ((long?)null, new MemoryStream());
            foreach (var part in Parts())
            {
                var skip = Math.Clamp(from - part.From, 0, part.File.Length);
                if (skip == part.File.Length) continue;
                begin ??= part.From + skip;
                using var file = part.File.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                file.Position = skip;
                file.CopyTo(bytes);
            }

            var start = begin ?? Math.Max(from, 0);
            return new(start, Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length), start + bytes.Length);
        }
    }

    private List<(long From, FileInfo File)> Parts() => Directory.Exists(folder)
        ? [.. new DirectoryInfo(folder).EnumerateFiles(Prefix + "*").Select(f => (long.Parse(f.Name[Prefix.Length..], CultureInfo.InvariantCulture), f)).OrderBy(p => p.Item1)]
        : [];

    private string PathOf(long from) => Path.Combine(folder, Prefix + from.ToString("d19", CultureInfo.InvariantCulture));
}
