using System.IO.Compression;
using System.Text;
using HyperBdr.Engine.IO;

namespace HyperBdr.Agents.Logs;

/// <summary>Lines in a file that rotates. A disk that does not take a line costs that line, never the program. Thread-safe.</summary>
public sealed class LogFile : IDisposable
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly LogFileOptions options;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private FileStream? file;
    private string day = "";
    private long lost;

    public LogFile(LogFileOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        if (!Directory.Exists(options.Folder)) DurableFiles.MakeFolder(options.Folder);
    }

    /// <summary>Lines that the disk did not take.</summary>
    public long Lost => Interlocked.Read(ref lost);

    public void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        lock (gate)
        {
            try
            {
                Current(bytes.Length).Write(bytes);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                lost++;
                file?.Dispose();
                file = null;
            }
        }

        if (options.Stdout) Console.Out.WriteLine(line);
    }

    public void Dispose()
    {
        lock (gate) file?.Dispose();
    }

    private string CurrentPath => Path.Combine(options.Folder, options.ByDay ? $"{options.Name}_{day}.log" : $"{options.Name}.log");

    private FileStream Current(int next)
    {
        var today = time.GetLocalNow().ToString("yyyyMMdd");
        if (file is not null && (today == day || !options.ByDay) && file.Length + next <= options.MaxBytes) return file;
        var before = file is null ? null : CurrentPath;
        file?.Dispose();
        file = null;
        var turned = options.ByDay && before is not null && today != day;
        day = today;
        if (turned && options.Compress) Pack(before!);
        if (new FileInfo(CurrentPath) is { Exists: true, Length: > 0 } full && full.Length + next > options.MaxBytes) SetAside(full);
        Trim();
        // No buffer: a line is in the file when the call returns, so that a killed program's last words are there.
        return file = new FileStream(CurrentPath, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, UnixCreateMode = OwnerFile });
    }

    private void SetAside(FileInfo full)
    {
        var stem = Path.Combine(options.Folder, options.ByDay ? $"{options.Name}_{day}" : $"{options.Name}-{day}");
        var (ending, n) = (options.Compress ? "" : ".log", 0);
        string aside;
        do aside = n++ == 0 && !options.ByDay ? stem + ending : $"{stem}.{n}{ending}";
        while (File.Exists(aside) || File.Exists(aside + ".gz"));
        full.MoveTo(aside);
        if (options.Compress) Pack(aside);
    }

    private static void Pack(string path)
    {
        var draft = path + ".gz.part";
        using (var from = File.OpenRead(path))
        using (var to = new GZipStream(new FileStream(draft, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerFile }), CompressionLevel.Fastest))
        {
            from.CopyTo(to);
        }

        File.Move(draft, path + ".gz", overwrite: true);
        File.Delete(path);
    }

    private void Trim()
    {
        var current = Path.GetFileName(CurrentPath);
        var mark = options.ByDay ? '_' : '-';
        var old = new DirectoryInfo(options.Folder).GetFiles($"{options.Name}{mark}*")
            .Where(f => f.Name != current && f.Name.Length > options.Name.Length + 8 && f.Name.AsSpan(options.Name.Length + 1, 8).IndexOfAnyExceptInRange('0', '9') < 0)
            .OrderByDescending(f => f.LastWriteTimeUtc).ToList();
        var oldest = time.GetUtcNow().UtcDateTime.AddDays(-options.MaxAgeDays);
        foreach (var surplus in old.Skip(options.MaxFiles).Concat(options.MaxAgeDays > 0 ? old.Where(f => f.LastWriteTimeUtc < oldest) : []).Distinct()) surplus.Delete();
    }
}
