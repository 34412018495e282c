using System.IO.Compression;
using System.Text;
using HyperBdr.AppHost.Processes.Logs;
using Shouldly;
using Xunit;

namespace HyperBdr.AppHost.Tests.Logs;

public sealed class RotatingLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hyperbdr-log-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "ant.log");

    [Fact]
    public async Task No_line_is_lost_or_torn_over_rotations_and_only_the_newest_files_are_kept()
    {
        for (var file = 0; file < 6; file++)
        {
            // Ten lines of ten bytes fill a file of a hundred; the next opening finds compression done.
            await using var log = new RotatingLog(Path, sizeBytes: 100, kept: 3);
            for (var line = 0; line < 10; line++) log.Write(Encoding.ASCII.GetBytes($"line {file * 10 + line:0000}\n"));
        }
        Directory.GetFiles(_folder).Select(System.IO.Path.GetFileName).Order().ShouldBe(["ant.log", "ant.log.1.gz", "ant.log.2.gz", "ant.log.3.gz"]);
        var kept = string.Concat(Text("ant.log.3.gz"), Text("ant.log.2.gz"), Text("ant.log.1.gz"), await File.ReadAllTextAsync(Path));
        kept.ShouldBe(string.Concat(Enumerable.Range(20, 40).Select(line => $"line {line:0000}\n")));
    }

    [Fact]
    public async Task A_file_that_a_crash_left_between_rename_and_compression_is_compressed_at_the_next_opening()
    {
        await File.WriteAllTextAsync(Path + ".0", "before the crash\n");
        await using (new RotatingLog(Path)) { }
        Text("ant.log.1.gz").ShouldBe("before the crash\n");
        File.Exists(Path + ".0").ShouldBeFalse();
    }

    [Fact]
    public async Task The_tail_is_exactly_the_last_lines_also_when_they_span_blocks()
    {
        await using var log = new RotatingLog(Path);
        var lines = Enumerable.Range(0, 5000).Select(line => $"{line} {new string('x', line % 90)}\n").ToList();
        foreach (var line in lines) log.Write(Encoding.ASCII.GetBytes(line));
        foreach (var wanted in (int[])[0, 1, 3, 1500, 5000, 9000])
        {
            using var into = new MemoryStream();
            await LogTail.WriteAsync(log, wanted, follow: false, into, CancellationToken.None);
            Encoding.ASCII.GetString(into.ToArray()).ShouldBe(string.Concat(lines.TakeLast(wanted)));
        }
    }

    [Fact]
    public async Task Output_becomes_whole_lines_and_an_endless_line_is_cut_with_bounded_memory()
    {
        await using var log = new RotatingLog(Path);
        var last = "";
        var endless = new string('y', 200_000);
        await OutputPump.RunAsync(new MemoryStream(Encoding.ASCII.GetBytes($"one\n{endless}\nno line end")), log, line => last = line);
        var written = await File.ReadAllLinesAsync(Path);
        written[0].ShouldBe("one");
        string.Concat(written[1..^1]).ShouldBe(endless);
        written[^1].ShouldBe("no line end");
        last.ShouldBe("no line end");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Text(string name)
    {
        using var file = new GZipStream(File.OpenRead(System.IO.Path.Combine(_folder, name)), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
