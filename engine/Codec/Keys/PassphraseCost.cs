namespace HyperBdr.Engine.Codec.Keys;

/// <summary>What one try of a passphrase costs: the parameters of Argon2id (RFC 9106).</summary>
/// <param name="MemoryKiB">Memory, 8,192 to 262,144 KiB.</param>
/// <param name="Iterations">Passes over the memory, 1 to 16.</param>
/// <param name="Parallelism">Lanes, 1 to 8.</param>
/// <remarks>The upper limits, with at most 1 GiB of memory passes in total, hold a hostile slot to seconds and to memory that a restore has.</remarks>
public sealed record PassphraseCost(int MemoryKiB, int Iterations, int Parallelism)
{
    internal const int Size = 12;
    private const int MinMemoryKiB = 8 * 1024;
    private const int MaxMemoryKiB = 256 * 1024;
    private const int MaxWorkKiB = 1024 * 1024;
    private const int MaxIterations = 16;
    private const int MaxParallelism = 8;

    /// <summary>19 MiB, 2 passes, 1 lane: OWASP's minimum for Argon2id, a tenth of a second or so.</summary>
    public static PassphraseCost Default { get; } = new(19 * 1024, 2, 1);

    /// <summary>True within the limits.</summary>
    public bool IsAllowed =>
        MemoryKiB is >= MinMemoryKiB and <= MaxMemoryKiB
        && Iterations is >= 1 and <= MaxIterations
        && Parallelism is >= 1 and <= MaxParallelism
        && (long)MemoryKiB * Iterations <= MaxWorkKiB;

    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: outside of the limits.</exception>
    internal static PassphraseCost Read(ReadOnlySpan<byte> fields, string name)
    {
        var reader = new FieldReader(fields, name);
        var (memory, iterations, parallelism) = (reader.U32(), reader.U32(), reader.U32());
        reader.End();
        if (memory > int.MaxValue || iterations > int.MaxValue || parallelism > int.MaxValue) throw reader.Corrupt("asks for too much work");
        var cost = new PassphraseCost((int)memory, (int)iterations, (int)parallelism);
        return cost.IsAllowed ? cost : throw reader.Corrupt($"asks for work outside of the limits: {cost}");
    }

    internal byte[] ToBytes()
    {
        var bytes = new byte[Size];
        var writer = new FieldWriter(bytes);
        writer.U32((uint)MemoryKiB);
        writer.U32((uint)Iterations);
        writer.U32((uint)Parallelism);
        return bytes;
    }
}
