namespace HyperBdr.AppHost.Processes.Logs;

/// <summary>Carries a process's output to its log in whole lines, with bounded memory whatever it writes.</summary>
internal static class OutputPump
{
    /// <summary>A longer line is cut into several.</summary>
    private const int LongestLineBytes = 64 << 10;

    /// <param name="lastLine">Given each line, without its end.</param>
    public static async Task RunAsync(Stream output, RotatingLog log, Action<string>? lastLine)
    {
        var buffer = new byte[LongestLineBytes];
        var held = 0;
        while (true)
        {
            var read = await ReadAsync(output, buffer.AsMemory(held, buffer.Length - held - 1));
            if (read == 0) break;
            held += read;
            held = Drain(buffer, held, log, lastLine);
        }
        if (held > 0) Flush(buffer, held, log, lastLine);
    }

    private static async ValueTask<int> ReadAsync(Stream output, Memory<byte> into)
    {
        try
        {
            return await output.ReadAsync(into, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private static int Drain(byte[] buffer, int held, RotatingLog log, Action<string>? lastLine)
    {
        var start = 0;
        for (int end; (end = Array.IndexOf(buffer, (byte)'\n', start, held - start)) >= 0; start = end + 1)
            Line(buffer.AsSpan(start, end + 1 - start), log, lastLine);
        if (start == 0 && held >= buffer.Length - 1)
        {
            Flush(buffer, held, log, lastLine);
            return 0;
        }
        buffer.AsSpan(start, held - start).CopyTo(buffer);
        return held - start;
    }

    private static void Flush(byte[] buffer, int held, RotatingLog log, Action<string>? lastLine)
    {
        buffer[held] = (byte)'\n';
        Line(buffer.AsSpan(0, held + 1), log, lastLine);
    }

    private static void Line(ReadOnlySpan<byte> line, RotatingLog log, Action<string>? lastLine)
    {
        log.Write(line);
        if (lastLine is not null && line.Length > 1) lastLine(System.Text.Encoding.UTF8.GetString(line[..^1]));
    }
}
