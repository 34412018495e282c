namespace HyperBdr.AppHost.Processes.Logs;

/// <summary>The end of a log, and what follows.</summary>
internal static class LogTail
{
    private const int BlockBytes = 64 << 10;

    public static async Task WriteAsync(RotatingLog log, int lines, bool follow, Stream to, CancellationToken ct)
    {
        // Following begins before the file is read: a line written in between comes twice rather than never.
        await using var following = log.FollowAsync(ct).GetAsyncEnumerator(ct);
        var next = follow ? following.MoveNextAsync() : default;
        await using (var file = new FileStream(log.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            var end = file.Length;
            file.Position = Start(file, lines);
            var buffer = new byte[BlockBytes];
            while (file.Position < end)
            {
                var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - file.Position)), ct);
                if (read == 0) break;
                await to.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        await to.FlushAsync(ct);
        if (!follow) return;
        while (await next)
        {
            await to.WriteAsync(following.Current, ct);
            await to.FlushAsync(ct);
            next = following.MoveNextAsync();
        }
    }

    /// <summary>Offset at which the last <paramref name="lines"/> lines begin, read backwards in blocks.</summary>
    private static long Start(FileStream file, int lines)
    {
        var buffer = new byte[BlockBytes];
        var position = file.Length;
        // The line end of the last line is not the beginning of one more.
        var wanted = lines + 1L;
        if (lines == 0) return file.Length;
        while (position > 0)
        {
            var size = (int)Math.Min(buffer.Length, position);
            position -= size;
            file.Position = position;
            file.ReadExactly(buffer, 0, size);
            for (var index = size - 1; index >= 0; index--)
                if (buffer[index] == (byte)'\n' && --wanted == 0) return position + index + 1;
        }
        return 0;
    }
}
