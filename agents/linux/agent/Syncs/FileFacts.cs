using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Owner and mode of a file, links not followed (statx(2)).</summary>
internal sealed partial record FileFacts(uint Owner, ushort Mode)
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint ModeAndOwner = 0x1 | 0x2 | 0x8;
    private const ushort TypeMask = 0xF000;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsFolder => (Mode & TypeMask) == 0x4000;

    public bool OthersMayWrite => (Mode & 0x12) != 0;

    public bool IsExecutable => (Mode & 0x40) != 0;

    /// <summary>Null when nothing is there.</summary>
    public static unsafe FileFacts? Of(string path)
    {
        // stx_uid is the 32-bit number at byte 20, stx_mode the 16-bit one at 28, on every architecture.
        Span<byte> status = stackalloc byte[256];
        fixed (byte* into = status)
        {
            if (StatX(CurrentFolder, path, NoFollow, ModeAndOwner, into) != 0) return null;
        }

        return new FileFacts(BinaryPrimitives.ReadUInt32LittleEndian(status[20..]), BinaryPrimitives.ReadUInt16LittleEndian(status[28..]));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* status);
}
