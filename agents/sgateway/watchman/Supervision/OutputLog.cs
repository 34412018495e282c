using HyperBdr.Agents.Logs;

namespace HyperBdr.Watchman.Supervision;

/// <summary>Moves what s3block writes into the log of its day, <c>s3block_yyyymmdd.log</c>. The program itself has a plain file to write to, so that it needs nobody.</summary>
internal sealed class OutputLog(string from, LogFile to, TimeProvider time)
{
    private const int MaxRead = 1 << 20;
    private const int MaxLine = 16 * 1024;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Runs until it is cancelled; what is not yet moved waits for the next watchman.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        do
        {
            try
            {
                Move();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The lines stay where they are until the disk takes them.
            }
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    private void Move()
    {
        if (new FileInfo(from) is not { Exists: true, Length: > 0 }) return;
        using var file = new FileStream(from, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[Math.Min(file.Length, MaxRead)];
        while (file.Position < file.Length)
        {
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            foreach (var line in System.Text.Encoding.UTF8.GetString(bytes, 0, read).Split('\n', StringSplitOptions.RemoveEmptyEntries)) to.Write(line.Length > MaxLine ? line[..MaxLine] : line);
            if (read < bytes.Length) break;
        }

        // The writer appends: after this it goes on at the begin. A line written between the last read and now is lost, which a log may.
        file.SetLength(0);
    }
}
