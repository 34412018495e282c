using System.Buffers.Binary;
using System.IO.Hashing;
using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Nbd;

/// <summary>The order in which the units of a disk were first read, for instance by a boot, in a small file (docs/formats/boot-profile.md).</summary>
/// <param name="UnitBytes">Bytes of a unit.</param>
/// <param name="DiskBytes">Bytes of the disk: a profile of another size is not used.</param>
/// <param name="Units">Numbers of the units, each once.</param>
public sealed record BootProfile(int UnitBytes, long DiskBytes, IReadOnlyList<long> Units)
{
    /// <summary>Units that a profile holds at most.</summary>
    public const int MaxUnits = 256 * 1024;

    private const int Version = 1;
    private const int HeaderBytes = 32;

    /// <summary>"HBDRBOOT" as a little-endian number.</summary>
    private const ulong Magic = 0x544F4F4252444248;

    /// <summary>Stores the profile in place of another, durably: after a crash there is the old one or the new one.</summary>
    /// <exception cref="EngineException"><see cref="Fault.TargetFailed"/></exception>
    public void Save(string path)
    {
        var draft = path + ".new";
        try
        {
            using (var file = File.OpenHandle(draft, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(file, Encode(), 0);
                Posix.Sync(file, draft);
            }

            File.Move(draft, path, overwrite: true);
            Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.TargetFailed, path, e.Message, e);
        }
    }

    /// <summary>Reads a profile.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>, <see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/>, <see cref="Fault.SourceUnreadable"/>; without its profile a disk is only slower.</exception>
    public static BootProfile Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > HeaderBytes + MaxUnits * 10L) throw new EngineException(Fault.Corrupt, path, "is too long for a boot profile");
            return Decode(File.ReadAllBytes(path), path);
        }
        catch (FileNotFoundException e)
        {
            throw new EngineException(Fault.NotFound, path, "there is no boot profile", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.SourceUnreadable, path, e.Message, e);
        }
    }

    internal byte[] Encode()
    {
        using var body = new MemoryStream();
        body.Write(new byte[HeaderBytes]);
        var last = -1L;
        foreach (var unit in Units.Take(MaxUnits))
        {
            // Distance to the unit after the last one: 0 for a sequential read, one byte.
            var distance = unit - last - 1;
            for (var rest = (ulong)(distance << 1 ^ distance >> 63); ; rest >>= 7)
            {
                body.WriteByte((byte)(rest < 128 ? rest : rest & 127 | 128));
                if (rest < 128) break;
            }

            last = unit;
        }

        var bytes = body.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), UnitBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), DiskBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), Math.Min(Units.Count, MaxUnits));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), Checksum(bytes));
        return bytes;
    }

    internal static BootProfile Decode(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic) throw new EngineException(Fault.Corrupt, name, "is no boot profile");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]) != Checksum(bytes)) throw new EngineException(Fault.Corrupt, name, "the checksum does not match");
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) != Version) throw new EngineException(Fault.NewerFormat, name, "an unknown version");
        var (unit, disk, count) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]));
        if (unit < Blocks.Block.Size || disk < 0 || count < 0 || count > Math.Min(MaxUnits, bytes.Length - HeaderBytes)) throw new EngineException(Fault.Corrupt, name, "impossible values");
        var units = new long[count];
        var rest = bytes[HeaderBytes..];
        var last = -1L;
        for (var i = 0; i < count; i++)
        {
            last = units[i] = last + 1 + Distance(ref rest, name);
            if (last < 0 || last > disk / unit) throw new EngineException(Fault.Corrupt, name, "a unit behind the disk's end");
        }

        return rest.IsEmpty ? new(unit, disk, units) : throw new EngineException(Fault.Corrupt, name, "more than its units");
    }

    private static long Distance(ref ReadOnlySpan<byte> rest, string name)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (rest.IsEmpty) break;
            var next = rest[0];
            rest = rest[1..];
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw new EngineException(Fault.Corrupt, name, "a unit without an end");
    }

    /// <summary>Of everything but the checksum itself.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = new Crc32();
        crc.Append(bytes[..28]);
        crc.Append(bytes[HeaderBytes..]);
        return crc.GetCurrentHashAsUInt32();
    }
}
