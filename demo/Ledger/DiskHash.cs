using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Demo.Ledger;

/// <summary>SHA-256 of an image, also of one that another has open for writing.</summary>
public static class DiskHash
{
    public static async Task<string> OfAsync(string imagePath, CancellationToken ct)
    {
        await using var image = FileSource.Open(imagePath);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[1 << 20];
        for (var at = 0L; await image.ReadAsync(at, piece, ct) is > 0 and var count; at += count) hash.AppendData(piece, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
