using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HyperBdr.Platforms.Evidence;

/// <summary>A sealed document of evidence as it was read; <see cref="Verify"/> says whether it is whole and whose.</summary>
public static class EvidenceDocument
{
    /// <summary>What a document holds at most.</summary>
    public const int MaxBytes = 16 << 20;

    internal const int MaxEntries = 10_000;

    /// <summary>Reads a sealed document and checks every hash and the signature.</summary>
    /// <returns>Its entries, in order.</returns>
    /// <exception cref="EvidenceException">What is wrong, with the first entry that is.</exception>
    public static IReadOnlyList<EvidenceEntry> Verify(ReadOnlySpan<byte> bytes, ECDsa publicKey)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        if (bytes.Length > MaxBytes) throw new EvidenceException("evidence.document.invalid", "the document is too long");
        if (bytes.IsEmpty || bytes[^1] != '\n') throw new EvidenceException("evidence.document.unsealed", "the document breaks off");
        var lines = Encoding.UTF8.GetString(bytes[..^1]).Split('\n');
        if (lines.Length < 2) throw new EvidenceException("evidence.document.unsealed", "the document has no seal");
        var seal = Read(lines[^1], EvidenceJson.Default.EvidenceSeal) is { Signature: not null, Hash: not null } read ? read : throw new EvidenceException("evidence.document.unsealed", "the document has no seal");
        var entries = Chain(lines.AsSpan(0, lines.Length - 1), seal.Document);
        if (seal.Entries != entries.Count || seal.Hash != entries[^1].Hash) throw new EvidenceException("evidence.document.incomplete", "the seal is for another number of entries, or for others");
        if (seal.KeyId != EvidenceHash.KeyId(publicKey)) throw new EvidenceException("evidence.document.foreign", "the document was sealed with another key");
        if (!IsSigned(seal, publicKey)) throw new EvidenceException("evidence.document.forged", "the signature is not the key's");
        return entries;
    }

    internal static List<EvidenceEntry> Chain(ReadOnlySpan<string> lines, Guid document)
    {
        var entries = new List<EvidenceEntry>();
        var previous = EvidenceHash.Zeros;
        foreach (var line in lines)
        {
            var entry = Read(line, EvidenceJson.Default.EvidenceEntry);
            var number = entries.Count + 1;
            if (entry is not { Kind: not null, Detail: not null } || number > MaxEntries || entry.Sequence != number || entry.Previous != previous || EvidenceHash.Of(document, entry.Sequence, entry.At, entry.Kind, entry.Detail, previous) != entry.Hash)
                throw new EvidenceException("evidence.document.broken", $"entry {number} is not what was written, or not in its place");
            entries.Add(entry);
            previous = entry.Hash;
        }

        return entries;
    }

    private static bool IsSigned(EvidenceSeal seal, ECDsa publicKey)
    {
        var signature = new byte[64];
        return Convert.TryFromBase64String(seal.Signature, signature, out var length) && length == signature.Length
            && publicKey.VerifyData(EvidenceHash.ToSign(seal.Document, seal.Entries, seal.Hash), signature, HashAlgorithmName.SHA256);
    }

    private static T? Read<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A document of evidence that is not whole, not sealed or not the key's.</summary>
public sealed class EvidenceException(string code, string message) : Exception(message)
{
    /// <summary>The stable code.</summary>
    public string Code { get; } = code;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EvidenceEntry))]
[JsonSerializable(typeof(EvidenceSeal))]
internal sealed partial class EvidenceJson : JsonSerializerContext;
