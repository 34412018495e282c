using System.Buffers.Text;
using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>A raw key as a line for people: <c>hbdr-key-1:</c>, base64url of the 32 bytes (43 letters), 8 check letters.</summary>
public static class KeyText
{
    private const string Prefix = "hbdr-key-1:";
    private const string Family = "hbdr-key-";
    private const string Subject = "key text";
    private const int KeyLetters = 43;
    private const int CheckLetters = 8;
    private const int CheckSize = 6;

    /// <summary>The line, without a line end. It is the secret itself.</summary>
    public static string Format(RawKey key) => Prefix + Base64Url.EncodeToString(key.Bytes) + Check(key.Bytes);

    /// <summary>The key of a line; white space around it does not count.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: no key, or mistyped. <see cref="Fault.NewerFormat"/>: <c>hbdr-key-2:</c> and later.</exception>
    public static RawKey Parse(ReadOnlySpan<char> line)
    {
        line = line.Trim();
        if (!line.StartsWith(Prefix, StringComparison.Ordinal))
            throw line.StartsWith(Family, StringComparison.Ordinal) && line[Family.Length..] is [>= '2' and <= '9', ..]
                ? new EngineException(Fault.NewerFormat, Subject, "is a later kind of key than this program reads")
                : Invalid($"does not begin with {Prefix}");

        var letters = line[Prefix.Length..];
        if (letters.Length != KeyLetters + CheckLetters)
            throw Invalid($"has {letters.Length} letters after {Prefix}, not {KeyLetters + CheckLetters}: letters are missing or too many");
        return Decode(letters) ?? throw Invalid("its check letters do not fit: a letter was mistyped or two changed places");
    }

    // Null unless the letters are exactly those that Format gives.
    private static RawKey? Decode(ReadOnlySpan<char> letters)
    {
        if (!Base64Url.IsValid(letters[..KeyLetters], out var length) || length != RawKey.Size) return null;
        using var bytes = new SecretBytes(RawKey.Size);
        if (!Base64Url.TryDecodeFromChars(letters[..KeyLetters], bytes.Span, out var written) || written != RawKey.Size) return null;
        var isCanonical = letters[..KeyLetters].SequenceEqual(Base64Url.EncodeToString(bytes.Span));
        return isCanonical && letters[KeyLetters..].SequenceEqual(Check(bytes.Span)) ? new RawKey(bytes.Span) : null;
    }

    private static string Check(ReadOnlySpan<byte> key)
    {
        using var sum = new SecretBytes(SHA256.HashSizeInBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("hbdr-key-1:"u8);
        hash.AppendData(key);
        hash.GetHashAndReset(sum.Span);
        return Base64Url.EncodeToString(sum.Span[..CheckSize]);
    }

    private static EngineException Invalid(string message) => new(Fault.InvalidArgument, Subject, message);
}
