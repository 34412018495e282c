using System.Globalization;
using System.Security.Cryptography;

namespace HyperBdr.S3Block.Storage;

/// <summary>Ids that grow with time and never go back, whatever the machine's clock does: 16 hexadecimal digits of order, 8 of chance.</summary>
internal sealed class OrderClock(TimeProvider time)
{
    private readonly Lock gate = new();
    private long last;

    /// <summary>Later ids sort behind this one.</summary>
    public void Follow(string id)
    {
        if (id.Length < 16 || !long.TryParse(id.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var order)) return;
        lock (gate) last = Math.Max(last, order);
    }

    public string Next()
    {
        long order;
        lock (gate) order = last = Math.Max(last + 1, time.GetUtcNow().UtcTicks);
        return string.Create(CultureInfo.InvariantCulture, $"{order:x16}{RandomNumberGenerator.GetInt32(int.MaxValue):x8}");
    }
}
