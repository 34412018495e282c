using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Secret bytes at one place in memory: pinned, so that the collector leaves no copies, and zeroed when disposed.</summary>
internal sealed class SecretBytes(int length) : IDisposable
{
    private readonly byte[] bytes = GC.AllocateArray<byte>(length, pinned: true);
    private bool disposed;

    public int Length => bytes.Length;

    // A key of zeros would be worse than a failure: nothing is readable after disposal.
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return bytes;
        }
    }

    public static SecretBytes CopyOf(ReadOnlySpan<byte> source)
    {
        var copy = new SecretBytes(source.Length);
        source.CopyTo(copy.Span);
        return copy;
    }

    public static SecretBytes Random(int length)
    {
        var secret = new SecretBytes(length);
        RandomNumberGenerator.Fill(secret.Span);
        return secret;
    }

    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(bytes);
    }

    public override string ToString() => "***";
}
