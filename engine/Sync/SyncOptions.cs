using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Sync;

/// <summary>How a write session uses the machine.</summary>
public sealed record SyncOptions
{
    /// <summary>What new chunks are compressed with.</summary>
    public Compression Compression { get; init; } = Compression.Zstd;

    /// <summary>zstd level, 1 to 19.</summary>
    public int Level { get; init; } = 1;

    /// <summary>Chunks that are worked on side by side, 1 to 64; the number of processors by itself.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 64);

    /// <summary>Bytes at which a pack is full, 1 to 28 MiB.</summary>
    public int PackBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Packs that are on their way to the store side by side, 1 to 32.</summary>
    public int Uploads { get; init; } = 2;

    /// <summary>Share of each worker's time that it works, above 0 up to 1; the rest it rests.</summary>
    public double CpuShare { get; init; } = 1;

    /// <summary>Holds what is read from the disks to a rate; null for none.</summary>
    public ReadLimit? ReadLimit { get; init; }

    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    internal SyncOptions Checked()
    {
        Check(Level is >= 1 and <= 19, "level must be 1 to 19");
        Check(Workers is >= 1 and <= 64, "workers must be 1 to 64");
        Check(PackBytes is >= 1024 * 1024 and <= 28 * 1024 * 1024, "pack size must be 1 to 28 MiB");
        Check(Uploads is >= 1 and <= 32, "uploads must be 1 to 32");
        Check(CpuShare is > 0 and <= 1, "CPU share must be above 0 and at most 1");
        return this;
    }

    private static void Check(bool holds, string message)
    {
        if (!holds) throw new EngineException(Fault.InvalidArgument, "session options", message);
    }
}
