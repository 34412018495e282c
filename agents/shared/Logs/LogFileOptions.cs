using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Logs;

/// <summary>Where a program's log goes and how much of it is kept.</summary>
/// <param name="Folder">Made with mode 0700 when it is not there.</param>
/// <param name="Name">File name without extension, e.g. <c>agent-syncer</c>.</param>
public sealed record LogFileOptions(string Folder, string Name)
{
    /// <summary>A file for each day, <c>{name}_yyyymmdd.log</c>; else <c>{name}.log</c>, which is renamed to <c>{name}-yyyymmdd[.n]</c> when it is full.</summary>
    public bool ByDay { get; init; }

    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>Files beside the one that is written.</summary>
    public int MaxFiles { get; init; } = 10;

    /// <summary>0 for no limit.</summary>
    public int MaxAgeDays { get; init; }

    /// <summary>Full files are packed (.gz).</summary>
    public bool Compress { get; init; } = true;

    /// <summary>Each line goes to the process's output too.</summary>
    public bool Stdout { get; init; }

    public LogLevel Level { get; init; } = LogLevel.Information;
}
