using System.Buffers.Binary;
using System.Text.Json;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Nbd;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Fuzz;

/// <summary>Good bytes for each target, made by the code that writes them.</summary>
public static class Seeds
{
    /// <summary>Seeds by target.</summary>
    public static IReadOnlyDictionary<string, byte[]> Make()
    {
        using var raw = new RawKey(new byte[RawKey.Size]);
        using var ring = KeyRingBytes.Write(Samples.Ring);
        return new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["config"] = RepositoryConfig.Create(Samples.Ring, ChunkingConstants.Default, Samples.At).Seal(Samples.Ring),
            ["key-slot"] = KeySlot.Create(Samples.Ring, raw, "seed", Samples.At),
            ["key-ring"] = ring.Span.ToArray(),
            ["key-text"] = System.Text.Encoding.ASCII.GetBytes(KeyText.Format(raw)),
            ["sealed-object"] = SealedObject.Seal(Samples.Ring, SealedPurpose.Index, new byte[500], "index/"u8, Compression.Zstd),
            ["index-object"] = IndexObject.Encode([Samples.Pack]),
            ["pack-header"] = Header(),
            ["pack-trailer"] = Directory()[^PackDirectory.TrailerSize..],
            ["pack-directory"] = PlainDirectory(),
            ["map-node"] = Leaf(),
            ["manifest"] = Manifest(),
            ["epoch"] = Epoch(),
            ["change-map"] = "# changed\n0 65536\n1048576 4096\n"u8.ToArray(),
            ["boot-profile"] = new BootProfile(65536, Targets.OverlayDisk, [3, 4, 5, 90, 2]).Encode(),
            ["overlay"] = FromFile(path => OverlayFile.Create(path, Targets.OverlayDisk, "fuzz").Dispose()),
            ["segment"] = Segment(),
            ["lz4"] = Compressed(Compression.Lz4),
            ["zstd"] = Compressed(Compression.Zstd),
            ["nbd-server"] = [.. Be(3u), .. "IHAVEOPT"u8, .. Be(7u), .. Be(10u), .. Be(4u), .. "disk"u8, 0, 0, .. Be(0x25609513u), 0, 0, 0, 0, .. new byte[16], .. Be(4096u)],
            ["nbd-client"] = [18, 0, .. "NBDMAGICIHAVEOPT"u8, 0, 3, .. new byte[40]],
        };
    }

    /// <summary>Writes every seed to <c>folder/target/good</c>.</summary>
    public static void Write(string folder)
    {
        foreach (var (name, bytes) in Make())
        {
            System.IO.Directory.CreateDirectory(Path.Combine(folder, name));
            File.WriteAllBytes(Path.Combine(folder, name, "good"), bytes);
        }
    }

    private static byte[] Header()
    {
        var bytes = new byte[PackLayout.HeaderSize];
        new PackHeader(PackKind.Map, 1, Samples.Ring.RepositoryId, new byte[PackHeader.SaltSize]).Write(bytes);
        return bytes;
    }

    private static byte[] Directory()
    {
        using var cipher = new PackCipher(Samples.Ring, new PackHeader(PackKind.Data, 1, Samples.Ring.RepositoryId, new byte[PackHeader.SaltSize]));
        var bytes = new byte[PackDirectory.SizeFor(Samples.Pack.Blobs.Count)];
        return bytes[..PackDirectory.Write(bytes, [.. Samples.Pack.Blobs], cipher)];
    }

    private static byte[] PlainDirectory()
    {
        var key = new BlobKey(PackCipher.DirectorySlot, default, (uint)(4 + (Samples.Pack.Blobs.Count * PackDirectory.EntrySize)), Compression.None);
        using var cipher = new PackCipher(Samples.Ring, new PackHeader(PackKind.Data, 1, Samples.Ring.RepositoryId, new byte[PackHeader.SaltSize]));
        var plain = new byte[key.PlainLength];
        return cipher.TryOpen(key, Directory().AsSpan(0, plain.Length + PackCipher.TagSize), plain) ? plain : throw new InvalidOperationException("the directory does not open");
    }

    private static byte[] Leaf()
    {
        var leaf = new LeafDraft();
        leaf.Append(20, new ChunkId(Samples.Id(1)), 3);
        leaf.Append(900, default, 0);
        leaf.Append(12, new ChunkId(Samples.Id(2)), 0);
        leaf.Append(MapLimits.LeafBlocks - leaf.Count, default, 0);
        return leaf.Take()!;
    }

    private static byte[] Manifest()
    {
        var disk = new DiskRecord("sda", 1 << 30, Samples.Id(3).ToString(), 1, [4, 5]);
        var point = new RecoveryPoint("web-1", Samples.At, [disk], Consistency.FileSystem, Samples.Id(4).ToString(), 1, new Dictionary<string, string> { ["a"] = "b" }, new PointStatistics(1, 2, 3, 4, 5));
        return JsonSerializer.SerializeToUtf8Bytes(point, ManifestJson.Default.RecoveryPoint);
    }

    private static byte[] Epoch()
    {
        var epoch = new CollectorEpoch(1, Samples.At, [Samples.Id(4).ToString()], [new CondemnedPack(Samples.Id(5).ToString(), 1, Samples.At)]);
        return JsonSerializer.SerializeToUtf8Bytes(epoch, EpochJson.Default.CollectorEpoch);
    }

    private static byte[] Segment()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("hyperbdr-fuzz-").FullName;
        var run = new SegmentRun();
        run.Add("index/seed", [Samples.Pack]);
        var segment = run.Write(folder, Targets.Repository);
        segment.Hold();
        var bytes = File.ReadAllBytes(segment.FilePath);
        segment.Release();
        System.IO.Directory.Delete(folder, recursive: true);
        return bytes;
    }

    private static byte[] Compressed(Compression compression)
    {
        var plain = new byte[PackLayout.MaxBlobPlain];
        for (var i = 0; i < plain.Length; i++) plain[i] = (byte)(i / 300 % 7);
        using var compressor = new BlobCompressor(compression);
        var packed = new byte[plain.Length];
        compressor.Compress(plain, packed, out var length);
        return packed[..length];
    }

    private static byte[] FromFile(Action<string> make)
    {
        var path = Path.Combine(Path.GetTempPath(), $"hyperbdr-fuzz-{Guid.CreateVersion7():n}");
        make(path);
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }

    private static byte[] Be(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
