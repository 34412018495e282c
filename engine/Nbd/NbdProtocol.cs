namespace HyperBdr.Engine.Nbd;

/// <summary>The numbers of the NBD protocol (doc/proto.md of the NetworkBlockDevice project); all integers on the wire are big-endian.</summary>
internal static class NbdProtocol
{
    /// <summary>"NBDMAGIC", the server's first eight bytes.</summary>
    public const ulong Hello = 0x4e42444d41474943;

    /// <summary>"IHAVEOPT", the server's second eight bytes and the beginning of every option.</summary>
    public const ulong OptionMagic = 0x49484156454F5054;
    public const ulong OptionReplyMagic = 0x3e889045565a9;
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint ChunkMagic = 0x668e33ef;

    public const ushort FixedNewstyle = 1;
    public const ushort NoZeroes = 2;

    public const int OptionHeaderBytes = 16;
    public const int OptionReplyHeaderBytes = 20;
    public const int RequestBytes = 28;
    public const int SimpleReplyBytes = 16;
    public const int ChunkHeaderBytes = 20;

    /// <summary>No string of the protocol is longer.</summary>
    public const int MaxNameBytes = 4096;

    /// <summary>Option data longer than this is refused: the longest name and several queries fit.</summary>
    public const int MaxOptionBytes = 64 * 1024;

    /// <summary>The largest payload of a read or write, which is also what a client may assume that was told nothing.</summary>
    public const int MaxPayloadBytes = 32 * 1024 * 1024;

    /// <summary>Set on replies to options that say no.</summary>
    public const uint ErrorReply = 1u << 31;

    public const ushort DoneFlag = 1;
    public const uint StateHole = 1;
    public const uint StateZero = 2;
    public const uint StateDirty = 1;
    public const string Allocation = "base:allocation";
    public const string DirtyBitmap = "qemu:dirty-bitmap:";
}

internal enum NbdOption : uint
{
    ExportName = 1,
    Abort = 2,
    List = 3,
    StartTls = 5,
    Info = 6,
    Go = 7,
    StructuredReply = 8,
    ListMetaContext = 9,
    SetMetaContext = 10,
}

internal enum NbdOptionReply : uint
{
    Ack = 1,
    Server = 2,
    Info = 3,
    MetaContext = 4,
    Unsupported = NbdProtocol.ErrorReply + 1,
    Policy = NbdProtocol.ErrorReply + 2,
    Invalid = NbdProtocol.ErrorReply + 3,
    TlsRequired = NbdProtocol.ErrorReply + 5,
    Unknown = NbdProtocol.ErrorReply + 6,
    Shutdown = NbdProtocol.ErrorReply + 7,
    TooBig = NbdProtocol.ErrorReply + 9,
}

internal enum NbdInfo : ushort
{
    Export = 0,
    Name = 1,
    Description = 2,
    BlockSize = 3,
}

[Flags]
internal enum NbdExportFlags : ushort
{
    None = 0,
    HasFlags = 1,
    ReadOnly = 2,
    SendFlush = 4,
    SendFua = 8,
    Rotational = 16,
    SendTrim = 32,
    SendWriteZeroes = 64,
    SendDf = 128,
    CanMultiConn = 256,
    SendCache = 1024,
    SendFastZero = 2048,
}

internal enum NbdCommand : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    Cache = 5,
    WriteZeroes = 6,
    BlockStatus = 7,
}

[Flags]
internal enum NbdCommandFlags : ushort
{
    None = 0,
    Fua = 1,
    NoHole = 2,
    DontFragment = 4,
    ReqOne = 8,
    FastZero = 16,
}

internal enum NbdChunk : ushort
{
    None = 0,
    OffsetData = 1,
    OffsetHole = 2,
    BlockStatus = 5,
    Error = 0x8001,
    ErrorOffset = 0x8002,
}

/// <summary>Errors of the transmission phase; the numbers are Linux's.</summary>
internal enum NbdError : uint
{
    None = 0,
    NotPermitted = 1,
    Io = 5,
    NoMemory = 12,
    Invalid = 22,
    NoSpace = 28,
    Overflow = 75,
    NotSupported = 95,
    Shutdown = 108,
}
