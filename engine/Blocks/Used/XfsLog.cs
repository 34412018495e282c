using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Tells whether an XFS log needs no recovery: the last record before the log's head says that the file system was unmounted.</summary>
/// <remarks>Every sector of the log begins with the number of the round in which it was written (record headers keep it behind their magic).
/// The head is where the number drops by one. The whole log is scanned, not searched: one sector out of order, as a crash leaves, is a doubt.</remarks>
internal static class XfsLog
{
    private const int Sector = 512;
    private const uint HeaderMagic = 0xFEEDBABE;
    private const int StepBytes = 1 << 20;

    public static async Task MustBeCleanAsync(VolumeReader volume, XfsSuperblock super, CancellationToken ct)
    {
        var reader = volume.Beside(StepBytes);
        long begin = super.LogBlock * super.BlockSize, sectors = super.LogBlocks * super.BlockSize / Sector;
        var scan = new Scan();
        for (long sector = 0; sector < sectors;)
        {
            ct.ThrowIfCancellationRequested();
            var count = (int)Math.Min(StepBytes / Sector, sectors - sector);
            scan.Add((await reader.ReadAsync(begin + (sector * Sector), count * Sector, ct)).Span);
            sector += count;
        }

        DoubtException.When(scan.LastHeader < 0, "the log has no record");
        var record = (await reader.ReadAsync(begin + (scan.LastHeader * Sector), Sector, ct)).ToArray();
        var (headers, data) = SizeOf(record);
        // A record that wraps around the log's end is a doubt too: rare, and not worth the code.
        DoubtException.When(scan.LastHeader + headers + data != scan.Head, "the log's last record is not whole");
        var operation = (await reader.ReadAsync(begin + ((scan.LastHeader + headers) * Sector), Sector, ct)).ToArray();
        DoubtException.When(!SaysUnmounted(record, operation, super.LogUuid), "the file system is mounted, or was not unmounted cleanly");
    }

    private static (long Headers, long Data) SizeOf(ReadOnlySpan<byte> record)
    {
        uint version = U32(record, 8), length = U32(record, 12), size = U32(record, 320);
        DoubtException.When(version is not (1 or 2) || length > 1 << 20 || size > 1 << 20, "the log's last record is damaged");
        return (version == 2 && size > 32768 ? (size + 32767) / 32768 : 1, (length + Sector - 1) / Sector);
    }

    /// <summary>One operation, from the log itself (client 0xAA), with the flag of an unmount (0x20).</summary>
    private static bool SaysUnmounted(ReadOnlySpan<byte> record, ReadOnlySpan<byte> operation, Guid uuid) =>
        U32(record, 40) == 1 && new Guid(record.Slice(304, 16), bigEndian: true) == uuid && operation[8] == 0xAA && (operation[9] & 0x20) != 0;

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);

    private sealed class Scan
    {
        private long _sector;
        private uint _first;
        private long _drop = -1;

        /// <summary>The sector after the last that was written.</summary>
        public long Head => _drop >= 0 ? _drop : _sector;

        /// <summary>The sector of the last record header before the head; -1 when there is none.</summary>
        public long LastHeader { get; private set; } = -1;

        public void Add(ReadOnlySpan<byte> sectors)
        {
            for (; !sectors.IsEmpty; sectors = sectors[Sector..])
            {
                var isHeader = U32(sectors, 0) == HeaderMagic;
                var round = isHeader ? U32(sectors, 4) : U32(sectors, 0);
                if (_sector == 0) _first = round;
                if (_drop < 0 && round != _first) _drop = _sector;
                DoubtException.When(round != (_drop < 0 ? _first : _first - 1), "the log was not left in order");
                if (isHeader && _drop < 0) LastHeader = _sector;
                _sector++;
            }
        }
    }
}
