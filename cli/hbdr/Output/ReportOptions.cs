using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace HyperBdr.Hbdr.Output;

/// <summary>How results and progress are written.</summary>
internal sealed class ReportOptions
{
    private readonly Option<bool> json = new("--json") { Description = "One JSON document on standard output", Recursive = true };
    private readonly Option<bool> progress = new("--progress") { Description = "With --json: progress as JSON lines on standard error", Recursive = true };
    private readonly Option<bool> quiet = new("--quiet", "-q") { Description = "Neither progress nor notes", Recursive = true };

    public void AddTo(Command root)
    {
        root.Add(json);
        root.Add(progress);
        root.Add(quiet);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetResult(json) is { Implicit: false };

    public Report Of(ParseResult parsed, Io io) => new(io, parsed.GetValue(json), parsed.GetValue(progress), parsed.GetValue(quiet));
}

/// <summary>Writes what a command found or does, as the caller asked for it.</summary>
internal sealed class Report(Io io, bool json, bool jsonProgress, bool quiet)
{
    public bool IsJson => json;

    public bool IsQuiet => quiet;

    /// <summary>The command's result: a document, or text for people.</summary>
    public void Result<T>(T document, JsonTypeInfo<T> type, Action<TextWriter> text)
    {
        if (json) io.Out.WriteLine(JsonSerializer.Serialize(document, type));
        else text(io.Out);
    }

    /// <summary>The result of a command that may be told to be quiet, or whose standard output carries a disk.</summary>
    public void Summary<T>(T document, JsonTypeInfo<T> type, string text, bool outIsTaken = false)
    {
        if (json) io.Out.WriteLine(JsonSerializer.Serialize(document, type));
        else if (!quiet) (outIsTaken ? io.Error : io.Out).WriteLine(text);
    }

    /// <summary>Something that people should know, beside the result.</summary>
    public void Note(string text)
    {
        if (!quiet) io.Error.WriteLine(text);
    }

    /// <summary>Shows how far the work is until it is disposed.</summary>
    public ProgressDisplay Progress(string doing, Func<ProgressState> state)
    {
        var kind = quiet ? ProgressKind.None : json ? (jsonProgress ? ProgressKind.Json : ProgressKind.None) : io.IsTerminal ? ProgressKind.Bar : ProgressKind.Lines;
        return new ProgressDisplay(kind, doing, state, io);
    }
}
