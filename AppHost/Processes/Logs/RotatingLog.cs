using System.IO.Compression;
using System.Threading.Channels;

namespace HyperBdr.AppHost.Processes.Logs;

/// <summary>One service's log file: at 64 MiB it becomes <c>name.log.1.gz</c>, and ten of those are kept.</summary>
/// <remarks>Safe for several writers. A disk that is full loses lines, never the service: its pipe is always read.</remarks>
internal sealed class RotatingLog : IAsyncDisposable
{
    public const long DefaultSizeBytes = 64L << 20;
    public const int DefaultKept = 10;

    private readonly Lock _gate = new();
    private readonly List<Channel<byte[]>> _followers = [];
    private readonly long _sizeBytes;
    private readonly int _kept;
    private FileStream? _file;
    private bool _closed;
    private Task _compressing = Task.CompletedTask;

    public RotatingLog(string path, long sizeBytes = DefaultSizeBytes, int kept = DefaultKept)
    {
        (Path, _sizeBytes, _kept) = (path, sizeBytes, kept);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        // Left by a crash between the rename and the compression.
        if (File.Exists(path + ".0")) Compress();
        Open();
    }

    public string Path { get; }

    /// <summary>Lines that could not be written (disk full).</summary>
    public long LostLines { get; private set; }

    /// <param name="line">With its line end.</param>
    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            if (_closed) return;
            foreach (var follower in _followers) follower.Writer.TryWrite(line.ToArray());
            try
            {
                if (_file is null) Open();
                if (_file!.Length > 0 && _file.Length + line.Length > _sizeBytes && _compressing.IsCompleted) Rotate();
                _file!.Write(line);
                _file.Flush();
            }
            catch (IOException)
            {
                LostLines++;
            }
        }
    }

    /// <summary>What is written from now on; a reader slower than the service loses lines, never stops it.</summary>
    public async IAsyncEnumerable<byte[]> FollowAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var follower = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate) _followers.Add(follower);
        try
        {
            await foreach (var line in follower.Reader.ReadAllAsync(ct)) yield return line;
        }
        finally
        {
            lock (_gate) _followers.Remove(follower);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            _file?.Dispose();
            _file = null;
            foreach (var follower in _followers) follower.Writer.TryComplete();
        }
        await _compressing;
    }

    private void Open() => _file = new FileStream(Path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
    });

    private void Rotate()
    {
        _file!.Dispose();
        _file = null;
        File.Move(Path, Path + ".0", overwrite: true);
        Open();
        Compress();
    }

    private void Compress() => _compressing = Task.Run(() =>
    {
        try
        {
            for (var number = _kept; number >= 1; number--)
            {
                if (!File.Exists(Numbered(number))) continue;
                if (number == _kept) File.Delete(Numbered(number));
                else File.Move(Numbered(number), Numbered(number + 1), overwrite: true);
            }
            using (var from = File.OpenRead(Path + ".0"))
            using (var to = new GZipStream(File.Create(Numbered(1)), CompressionLevel.Fastest))
                from.CopyTo(to);
            File.Delete(Path + ".0");
        }
        catch (IOException)
        {
            LostLines++;
        }
    });

    private string Numbered(int number) => $"{Path}.{number}.gz";
}
