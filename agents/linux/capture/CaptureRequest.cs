namespace HyperBdr.Capture;

/// <summary>How a consistent point is taken.</summary>
public sealed record CaptureRequest
{
    /// <summary>Follows the disks' writes; null: the point is one scan, and says so.</summary>
    public ChangeTracker? Tracker { get; init; }

    /// <summary>True: every block is read and compared, whatever the tracker knows.</summary>
    public bool FullCompare { get; init; }

    /// <summary>Scripts around the freeze.</summary>
    public CaptureHooks? Hooks { get; init; }

    /// <summary>False: file systems are never frozen.</summary>
    public bool Freeze { get; init; } = true;

    /// <summary>Copies of what changed meanwhile before the freeze, 0 to 64.</summary>
    public int MaxRounds { get; init; } = 6;

    /// <summary>Bytes of changes that are few enough to freeze for.</summary>
    public long SmallEnoughBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>After this time file systems are thawed whatever happened, 1 to 60 s.</summary>
    public TimeSpan FreezeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where what is read while the file systems are frozen waits for its upload.</summary>
    public SpoolOptions Spool { get; init; } = new();

    /// <summary>Clock of the measured window.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Called while everything is still: the tests take their reference here.</summary>
    internal Action? AtInstant { get; init; }
}

/// <summary>Bounds of the spool.</summary>
public sealed record SpoolOptions
{
    /// <summary>Bytes kept in memory at most.</summary>
    public int MemoryBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>A folder for what does not fit, not on a disk that is captured (else it is not used); null: memory only.</summary>
    public string? Folder { get; init; }

    /// <summary>Bytes of the file in <see cref="Folder"/> at most.</summary>
    public long FileBytes { get; init; } = 1024L * 1024 * 1024;
}
