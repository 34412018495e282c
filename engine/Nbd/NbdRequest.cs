using System.Buffers.Binary;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>A request of the transmission phase, as it came.</summary>
internal readonly record struct NbdRequest(NbdCommand Command, NbdCommandFlags Flags, ulong Cookie, ulong Offset, uint Length)
{
    public bool IsFua => Has(NbdCommandFlags.Fua);

    public bool Has(NbdCommandFlags flag) => Flags.HasFlag(flag);

    /// <summary>The range that the request is about; only after <see cref="Fits"/>.</summary>
    public ByteRange Range => new((long)Offset, Length);

    public bool Fits(long disk) => Offset <= (ulong)disk && Length <= (ulong)disk - Offset;

    /// <returns>False when the bytes are no request.</returns>
    public static bool TryParse(ReadOnlySpan<byte> header, out NbdRequest request)
    {
        request = new((NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(header[6..]), (NbdCommandFlags)BinaryPrimitives.ReadUInt16BigEndian(header[4..]),
            BinaryPrimitives.ReadUInt64BigEndian(header[8..]), BinaryPrimitives.ReadUInt64BigEndian(header[16..]), BinaryPrimitives.ReadUInt32BigEndian(header[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(header) == NbdProtocol.RequestMagic;
    }

    /// <summary>Why a request cannot be carried out on this export; <see cref="NbdError.None"/> when it can.</summary>
    public NbdError Check(NbdExport export, bool structured, bool contexts)
    {
        if ((Flags & ~Allowed(structured)) != NbdCommandFlags.None) return NbdError.Invalid;
        switch (Command)
        {
            case NbdCommand.Flush:
                return NbdError.None;
            case NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim:
                if (export.Writable is null) return NbdError.NotPermitted;
                if (!Fits(export.Length)) return Command == NbdCommand.Trim ? NbdError.Invalid : NbdError.NoSpace;
                break;
            case NbdCommand.Read when Length > NbdProtocol.MaxPayloadBytes:
                return NbdError.Overflow;
            case NbdCommand.BlockStatus when !contexts:
                return NbdError.Invalid;
            case NbdCommand.Read or NbdCommand.BlockStatus or NbdCommand.Cache:
                break;
            default:
                return NbdError.Invalid;
        }

        return Length > 0 && Fits(export.Length) ? NbdError.None : NbdError.Invalid;
    }

    /// <summary>FUA is allowed on everything, since clients are known to set it so.</summary>
    private NbdCommandFlags Allowed(bool structured) => NbdCommandFlags.Fua | Command switch
    {
        NbdCommand.Read when structured => NbdCommandFlags.DontFragment,
        NbdCommand.WriteZeroes => NbdCommandFlags.NoHole,
        NbdCommand.BlockStatus => NbdCommandFlags.ReqOne,
        _ => NbdCommandFlags.None,
    };
}
