using System.ComponentModel.DataAnnotations;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Section <c>Link</c> of the configuration; checked at start.</summary>
internal sealed record AgentLinkOptions
{
    /// <summary>How often a machine beats.</summary>
    [Range(1, 300)] public int HeartbeatSeconds { get; init; } = 5;

    /// <summary>So long without a sign of life a machine counts as disconnected, and three beats at least.</summary>
    [Range(1, 3600)] public int SilenceSeconds { get; init; } = 180;

    /// <summary>How often the beats of all machines are written, in one statement.</summary>
    [Range(1, 60)] public int FlushSeconds { get; init; } = 2;

    /// <summary>How often a process looks for what another process of porter has changed.</summary>
    [Range(1, 60)] public int WatchSeconds { get; init; } = 2;

    public TimeSpan Silence => TimeSpan.FromSeconds(Math.Max(SilenceSeconds, 3 * HeartbeatSeconds));
}
