using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Engine.IO;

namespace HyperBdr.Platforms.Evidence;

/// <summary>Writes a document of evidence fact by fact, and seals it at its end. What a crash leaves is a document without a seal, which proves nothing and may be gone on with.</summary>
/// <remarks>Each fact is durable before <see cref="Add"/> returns. One writer.</remarks>
public sealed class EvidenceLog
{
    private readonly string path;
    private readonly Guid document;
    private readonly TimeProvider time;
    private readonly StringBuilder text = new();
    private long sequence;
    private string previous = EvidenceHash.Zeros;
    private bool isSealed;

    private EvidenceLog(string path, Guid document, TimeProvider time) => (this.path, this.document, this.time) = (path, document, time);

    /// <summary>Begins a document, or goes on with one that was not sealed.</summary>
    /// <exception cref="EvidenceException"><c>evidence.document.sealed</c>, or what is there is another document or not whole.</exception>
    public static EvidenceLog Open(string path, Guid document, TimeProvider time)
    {
        var log = new EvidenceLog(path, document, time);
        if (DurableFiles.Read(path, EvidenceDocument.MaxBytes) is { Length: > 0 } bytes) log.Resume(Encoding.UTF8.GetString(bytes));
        return log;
    }

    /// <summary>Adds a fact with the present time.</summary>
    /// <param name="kind">The stable word for what it is, for example <c>machine.started</c>.</param>
    public EvidenceEntry Add(string kind, JsonObject detail)
    {
        ArgumentNullException.ThrowIfNull(detail);
        MustBeOpen();
        if (sequence == EvidenceDocument.MaxEntries) throw new EvidenceException("evidence.document.full", "the document has as many entries as it may have");
        var (at, json) = (EvidenceHash.WholeMicros(time.GetUtcNow()), detail.ToJsonString());
        var entry = new EvidenceEntry(sequence + 1, at, kind, json, previous, EvidenceHash.Of(document, sequence + 1, at, kind, json, previous));
        Append(JsonSerializer.Serialize(entry, EvidenceJson.Default.EvidenceEntry));
        (sequence, previous) = (entry.Sequence, entry.Hash);
        return entry;
    }

    /// <summary>Signs all that was added; nothing can be added after.</summary>
    public EvidenceSeal Seal(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        MustBeOpen();
        if (sequence == 0) throw new EvidenceException("evidence.document.empty", "there is nothing to seal");
        var signature = key.SignData(EvidenceHash.ToSign(document, sequence, previous), HashAlgorithmName.SHA256);
        var seal = new EvidenceSeal(document, sequence, previous, EvidenceHash.KeyId(key), Convert.ToBase64String(signature));
        Append(JsonSerializer.Serialize(seal, EvidenceJson.Default.EvidenceSeal));
        isSealed = true;
        return seal;
    }

    /// <summary>The whole file each time, durable and then renamed: a document is small, and none is ever half written.</summary>
    private void Append(string line)
    {
        var length = text.Length;
        text.Append(line).Append('\n');
        try
        {
            DurableFiles.Write(path, text.ToString());
        }
        catch
        {
            text.Length = length;
            throw;
        }
    }

    private void Resume(string written)
    {
        var lines = written.TrimEnd('\n').Split('\n');
        if (lines[^1].Contains("\"signature\":", StringComparison.Ordinal) && !lines[^1].Contains("\"detail\":", StringComparison.Ordinal))
            throw new EvidenceException("evidence.document.sealed", "the document is sealed");
        var entries = EvidenceDocument.Chain(lines, document);
        text.Append(written);
        (sequence, previous) = (entries.Count, entries[^1].Hash);
    }

    private void MustBeOpen()
    {
        if (isSealed) throw new EvidenceException("evidence.document.sealed", "the document is sealed");
    }
}
