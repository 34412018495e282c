using System.Text.Json;
using Shouldly;

namespace HyperBdr.Hbdr.Tests;

/// <summary>One run of hbdr and what it said.</summary>
internal sealed record Ran(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);

    /// <summary>Expects success.</summary>
    public Ran Well()
    {
        ExitCode.ShouldBe(0, Output + Error);
        return this;
    }

    /// <summary>Expects this exit code, and one line that names the code.</summary>
    public Ran Failed(int exitCode, string code)
    {
        ExitCode.ShouldBe(exitCode, Output + Error);
        Error.ShouldStartWith($"hbdr: {code}: ");
        Error.TrimEnd().ShouldNotContain("\n");
        return this;
    }
}
