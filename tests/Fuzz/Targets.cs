using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Nbd;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Fuzz;

/// <summary>Takes bytes from outside.</summary>
public delegate void FuzzTarget(ReadOnlySpan<byte> bytes);

/// <summary>Everything in the engine that takes bytes from outside apart, by name. Whatever the bytes are, only an <see cref="EngineException"/> may come out.</summary>
public static class Targets
{
    private const string Name = "fuzz";

    /// <summary>Bytes of the disk that overlays are opened for.</summary>
    internal const long OverlayDisk = 8 * 1024 * 1024;

    /// <summary>The repository of segments.</summary>
    internal static readonly Guid Repository = new("0195e3a0-0000-7000-8000-000000000001");

    /// <summary>The targets.</summary>
    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } = new Dictionary<string, FuzzTarget>(StringComparer.Ordinal)
    {
        ["config"] = static bytes => Twice(bytes, Checksums.Config, static b => RepositoryConfig.Parse(b)),
        ["key-slot"] = static bytes => KeySlot.Parse(bytes, Repository, Name),
        ["key-ring"] = static bytes => Twice(bytes, Checksums.KeyRing, static b => KeyRingBytes.Read(b).Dispose()),
        ["key-text"] = static bytes => KeyText.Parse(System.Text.Encoding.UTF8.GetString(bytes)).Dispose(),
        ["sealed-object"] = static bytes => SealedObject.Open(Samples.Ring, SealedPurpose.Index, bytes, "index/"u8, 1 << 20, Name),
        ["index-object"] = static bytes => IndexObject.Decode(bytes),
        ["pack-header"] = static bytes => PackHeader.Parse(bytes, Name),
        ["pack-trailer"] = Trailer,
        ["pack-directory"] = Directory,
        ["map-node"] = static bytes => NodeFormat.Decode(default, bytes),
        ["manifest"] = static bytes => PointCatalogue.Decode(bytes, Name).Disks.ToList().ForEach(d => _ = d.Map),
        ["epoch"] = static bytes => CollectorEpoch.Decode(bytes, 1, Name).Condemned.ToList().ForEach(c => _ = c.Id),
        ["change-map"] = ChangedRanges,
        ["boot-profile"] = static bytes => Twice(bytes, Checksums.BootProfile, static b => BootProfile.Decode(b, Name)),
        ["overlay"] = static bytes => InFile(bytes, static path => OverlayFile.Open(path, OverlayDisk, Name).Dispose()),
        ["segment"] = static bytes => InFile(bytes, OpenSegment),
        ["lz4"] = static bytes => Decompress(Compression.Lz4, bytes),
        ["zstd"] = static bytes => Decompress(Compression.Zstd, bytes),
        ["nbd-server"] = NbdFuzz.ServeClient,
        ["nbd-client"] = NbdFuzz.AnswerClient,
    };

    /// <summary>Runs a target; a refusal is what bad bytes are due.</summary>
    /// <returns>The fault; null when the bytes were taken.</returns>
    public static Fault? Run(FuzzTarget target, ReadOnlySpan<byte> bytes)
    {
        try
        {
            target(bytes);
            return null;
        }
        catch (EngineException e)
        {
            return e.Fault;
        }
    }

    // As they are, and with their checksum set right: what is behind the checksum must hold by itself.
    private static void Twice(ReadOnlySpan<byte> bytes, Action<byte[]> repair, FuzzTarget target)
    {
        var repaired = bytes.ToArray();
        repair(repaired);
        Run(target, repaired);
        target(bytes);
    }

    private static void Trailer(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < PackDirectory.TrailerSize) return;
        PackDirectory.ParseTrailer(bytes[^PackDirectory.TrailerSize..], bytes.Length, Name);
    }

    // Sealed first: a directory that a holder of the keys wrote wrongly gets behind the tag.
    private static void Directory(ReadOnlySpan<byte> bytes)
    {
        // Shorter ones are refused with the trailer.
        if (bytes.Length < sizeof(int)) return;
        using var cipher = new PackCipher(Samples.Ring, new PackHeader(PackKind.Data, Samples.Ring.SealEpoch, Samples.Ring.RepositoryId, new byte[PackHeader.SaltSize]));
        var sealedBytes = new byte[bytes.Length + PackCipher.TagSize];
        cipher.Seal(new BlobKey(PackCipher.DirectorySlot, default, (uint)bytes.Length, Compression.None), bytes, sealedBytes);
        PackDirectory.Open(sealedBytes, cipher, Samples.PackLength, Name);
    }

    private static void ChangedRanges(ReadOnlySpan<byte> bytes)
    {
        using var stream = new MemoryStream(bytes.ToArray());
        var ranges = ChangeMap.ParseAsync(stream, Name, CancellationToken.None).GetAwaiter().GetResult();
        _ = ranges.Within(new ByteRange(0, OverlayDisk)).Count();
    }

    private static void OpenSegment(string path)
    {
        var segment = IndexSegment.Open(path, Repository, isOwn: true);
        segment.Hold();
        try
        {
            segment.TryFirst(new PageCache(1), new ChunkId(new Hash256(new byte[Hash256.Size])), out _, out _);
        }
        finally
        {
            segment.Release();
        }
    }

    private static void Decompress(Compression compression, ReadOnlySpan<byte> bytes)
    {
        using var compressor = new BlobCompressor(compression);
        compressor.TryDecompress(compression, bytes, new byte[PackLayout.MaxBlobPlain]);
    }

    private static void InFile(ReadOnlySpan<byte> bytes, Action<string> open)
    {
        var path = Path.Combine(Path.GetTempPath(), $"hyperbdr-fuzz-{Guid.CreateVersion7():n}");
        try
        {
            File.WriteAllBytes(path, bytes);
            open(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
