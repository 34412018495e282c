using System.Text;
using HyperBdr.Hmctl.Suites;

namespace HyperBdr.Hmctl.Commands;

/// <summary><c>hmctl logs [service] [-f] [--tail N]</c>.</summary>
internal static class Logs
{
    public sealed record Options(string? Service, int Tail, bool Follow);

    public static async Task<int> RunAsync(ISuite suite, Options options, Io io, CancellationToken ct)
    {
        if (options.Service is not null)
        {
            await using var output = new WriterStream(io.Out, prefix: "");
            await suite.LogsAsync(ServiceNames.Resolve(options.Service), options.Tail, options.Follow, output, ct);
            return ExitCodes.Done;
        }
        var names = (await suite.StatusAsync(ct)).Services.Select(one => one.Name).ToList();
        var width = names.Max(name => name.Length);
        if (options.Follow)
            await Task.WhenAll(names.Select(name => OneAsync(name)));
        else
            foreach (var name in names) await OneAsync(name);
        return ExitCodes.Done;

        async Task OneAsync(string name)
        {
            await using var output = new WriterStream(io.Out, name.PadRight(width) + " | ");
            await suite.LogsAsync(name, options.Tail, options.Follow, output, ct);
        }
    }

    /// <summary>Writes whole lines with the service's name before them.</summary>
    private sealed class WriterStream(TextWriter writer, string prefix) : Stream
    {
        private readonly MemoryStream _line = new();

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            foreach (var value in buffer)
            {
                if (value != (byte)'\n') _line.WriteByte(value);
                else WriteLine();
            }
            writer.Flush();
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Write(buffer.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush() => writer.Flush();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (_line.Length > 0) WriteLine();
            base.Dispose(disposing);
        }

        private void WriteLine()
        {
            lock (writer) writer.WriteLine(prefix + Encoding.UTF8.GetString(_line.GetBuffer(), 0, (int)_line.Length));
            _line.SetLength(0);
        }
    }
}
