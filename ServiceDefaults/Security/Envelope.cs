using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.ServiceDefaults.Security;

/// <summary>Secrets at rest: a fresh data key per secret (AES-256-GCM), itself wrapped by the installation's master key.</summary>
/// <remarks>
/// Form: magic <c>HBE1</c>, key id (4 bytes, little-endian), wrap nonce (12), wrapped key (32) and tag (16), nonce (12), ciphertext, tag (16).
/// The context (e.g. <c>pool/&lt;id&gt;</c>) is associated data: a value copied to another row does not open. Rotation rewraps the data key only.
/// </remarks>
public sealed class Envelope(SecretFiles files)
{
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Header = 8;
    private const int Prefix = Header + NonceSize + KeySize + TagSize + NonceSize;
    private const int NewestKey = 1;
    private static ReadOnlySpan<byte> Magic => "HBE1"u8;

    public byte[] Seal(string plaintext, string context)
    {
        var text = Encoding.UTF8.GetBytes(plaintext);
        var key = RandomNumberGenerator.GetBytes(KeySize);
        var sealedBytes = new byte[Prefix + text.Length + TagSize];
        Magic.CopyTo(sealedBytes);
        BinaryPrimitives.WriteInt32LittleEndian(sealedBytes.AsSpan(4), NewestKey);
        var associated = Associated(context, sealedBytes.AsSpan(0, Header));
        var rest = sealedBytes.AsSpan(Header);
        RandomNumberGenerator.Fill(rest[..NonceSize]);
        using (var master = new AesGcm(files.Key(MasterName(NewestKey)), TagSize))
            master.Encrypt(rest[..NonceSize], key, rest.Slice(NonceSize, KeySize), rest.Slice(NonceSize + KeySize, TagSize), associated);
        var body = sealedBytes.AsSpan(Prefix - NonceSize);
        RandomNumberGenerator.Fill(body[..NonceSize]);
        using (var data = new AesGcm(key, TagSize))
            data.Encrypt(body[..NonceSize], text, body.Slice(NonceSize, text.Length), body[(NonceSize + text.Length)..], associated);
        CryptographicOperations.ZeroMemory(key);
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">The bytes are damaged, belong to another context, or the master key is another one.</exception>
    public string Open(ReadOnlySpan<byte> sealedBytes, string context)
    {
        if (sealedBytes.Length < Prefix + TagSize || !sealedBytes[..4].SequenceEqual(Magic)) throw new CryptographicException("Not a sealed secret.");
        var name = MasterName(BinaryPrimitives.ReadInt32LittleEndian(sealedBytes[4..]));
        if (!files.Has(name)) throw new CryptographicException($"The key {name} that sealed this secret is not in this installation.");
        var associated = Associated(context, sealedBytes[..Header]);
        var rest = sealedBytes[Header..];
        var key = new byte[KeySize];
        using (var master = new AesGcm(files.Key(name), TagSize))
            master.Decrypt(rest[..NonceSize], rest.Slice(NonceSize, KeySize), rest.Slice(NonceSize + KeySize, TagSize), key, associated);
        var body = sealedBytes[(Prefix - NonceSize)..];
        var text = new byte[body.Length - NonceSize - TagSize];
        using (var data = new AesGcm(key, TagSize))
            data.Decrypt(body[..NonceSize], body.Slice(NonceSize, text.Length), body[(NonceSize + text.Length)..], text, associated);
        CryptographicOperations.ZeroMemory(key);
        return Encoding.UTF8.GetString(text);
    }

    private static byte[] Associated(string context, ReadOnlySpan<byte> header) => [.. header, .. Encoding.UTF8.GetBytes(context)];

    private static string MasterName(int id) => $"master-{id}";
}
