using System.Buffers.Binary;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;
using HyperBdr.Nbd.Host;

// Writes an overlay and says after each flush what it had written; somebody kills it long before it is done.
var zeros = new Zeros(64 << 20);
var overlay = CopyOnWriteOverlay.Open(args[0], zeros, "zeros");
var random = new Random(int.Parse(args[1]));
for (var round = 1; round <= 2000; round++)
{
    for (var i = 0; i < 50; i++)
    {
        var block = random.Next(0, 16384);
        var content = new byte[Block.Size];
        BinaryPrimitives.WriteInt32LittleEndian(content, round);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(Block.Size - 4), round);
        await overlay.WriteAsync(block * (long)Block.Size, content, CancellationToken.None);
        Console.Out.Write($"{block} ");
    }

    Console.Out.WriteLine();
    await overlay.FlushAsync(CancellationToken.None);
    Console.Out.WriteLine($"flushed {round}");
    Console.Out.Flush();
}
