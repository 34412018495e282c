using System.Text;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>One disk as a server offers it. The server owns neither source nor target: who made them disposes them, after the server.</summary>
public sealed class NbdExport
{
    /// <param name="name">What clients ask for: at most 4096 bytes of UTF-8, without NUL; may be empty.</param>
    /// <param name="source">What is read; its length is known and does not change.</param>
    /// <param name="writable">What is written, visible through <paramref name="source"/> at once (often the same object); null for a read-only export.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public NbdExport(string name, IBlockSource source, IBlockTarget? writable = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(source);
        if (Encoding.UTF8.GetByteCount(name) > NbdProtocol.MaxNameBytes || name.Contains('\0', StringComparison.Ordinal))
            throw new EngineException(Fault.InvalidArgument, "export name", $"need at most {NbdProtocol.MaxNameBytes} bytes without NUL");
        Name = name;
        Source = source;
        Writable = writable;
        Length = source.Length ?? throw new EngineException(Fault.InvalidArgument, source.Name, "a stream of unknown length cannot be exported");
    }

    /// <summary>What clients ask for.</summary>
    public string Name { get; }

    /// <summary>What is read.</summary>
    public IBlockSource Source { get; }

    /// <summary>What is written; null for a read-only export.</summary>
    public IBlockTarget? Writable { get; }

    /// <summary>Bytes of the disk.</summary>
    public long Length { get; }

    /// <summary>Shared by all connections: a write that covers a block in part must not lose another's bytes of it.</summary>
    internal RangeLock Writes { get; } = new();

    /// <summary>Several connections see one disk, and a flush on any makes all of it durable.</summary>
    internal NbdExportFlags Flags(bool structured)
    {
        var flags = NbdExportFlags.HasFlags | NbdExportFlags.SendFlush | NbdExportFlags.SendFua | NbdExportFlags.SendCache | NbdExportFlags.CanMultiConn;
        if (structured) flags |= NbdExportFlags.SendDf;
        return Writable is null ? flags | NbdExportFlags.ReadOnly : flags | NbdExportFlags.SendTrim | NbdExportFlags.SendWriteZeroes;
    }
}
