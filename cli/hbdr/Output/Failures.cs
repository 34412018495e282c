using System.Text.Json;
using HyperBdr.Engine;

namespace HyperBdr.Hbdr.Output;

/// <summary>How a command says that it failed: one line, or one JSON document.</summary>
internal sealed class Failures(Io io, bool json)
{
    public int Write(EngineException e)
    {
        Write(e.Code, e.Subject, e.Message);
        return ExitCodes.Of(e.Fault);
    }

    public int Write(Exception e)
    {
        Write("hbdr.internal", e.GetType().Name, e.Message);
        // A defect of the program: whoever reports it needs the place.
        io.Error.WriteLine(e.StackTrace);
        return ExitCodes.Internal;
    }

    public int Interrupted()
    {
        Write("hbdr.interrupted", "hbdr", "interrupted; what a backup has finished storing will be used again by the next one");
        return ExitCodes.Interrupted;
    }

    private void Write(string code, string subject, string message)
    {
        var line = message.ReplaceLineEndings(" ");
        if (json) io.Out.WriteLine(JsonSerializer.Serialize(new ErrorDocument(new(code, subject, line)), ReportJson.Default.ErrorDocument));
        io.Error.WriteLine($"hbdr: {code}: {line}");
    }
}
