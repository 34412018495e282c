using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HyperBdr.Platforms.Evidence;
using Shouldly;
using Xunit;

namespace HyperBdr.Platforms.Tests;

public sealed class EvidenceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("evidence-").FullName;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Guid document = Guid.CreateVersion7();

    private string FilePath => Path.Combine(folder, "document");

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_sealed_document_is_verified_with_the_public_key_alone_and_takes_nothing_more()
    {
        var log = Write(3);
        log.Seal(key).Entries.ShouldBe(3);

        var entries = EvidenceDocument.Verify(File.ReadAllBytes(FilePath), PublicKey());

        entries.Select(e => e.Kind).ShouldBe(["step.1", "step.2", "step.3"]);
        JsonNode.Parse(entries[1].Detail)!["text"]!.GetValue<string>().ShouldBe("Größe \"2\"\n");
        Should.Throw<EvidenceException>(() => log.Add("late", [])).Code.ShouldBe("evidence.document.sealed");
        Should.Throw<EvidenceException>(() => EvidenceLog.Open(FilePath, document, TimeProvider.System)).Code.ShouldBe("evidence.document.sealed");
    }

    [Fact]
    public void What_a_crash_leaves_proves_nothing_and_may_be_gone_on_with()
    {
        Write(2);
        Should.Throw<EvidenceException>(() => EvidenceDocument.Verify(File.ReadAllBytes(FilePath), PublicKey())).Code.ShouldBe("evidence.document.unsealed");

        var log = EvidenceLog.Open(FilePath, document, TimeProvider.System);
        log.Add("step.3", []).Sequence.ShouldBe(3);
        log.Seal(key);

        EvidenceDocument.Verify(File.ReadAllBytes(FilePath), PublicKey()).Count.ShouldBe(3);
        File.Delete(FilePath);
        Write(1);
        Should.Throw<EvidenceException>(() => EvidenceLog.Open(FilePath, Guid.CreateVersion7(), TimeProvider.System)).Code.ShouldBe("evidence.document.broken");
    }

    [Fact]
    public void No_flipped_bit_no_cut_and_no_missing_or_moved_line_is_accepted()
    {
        Write(3).Seal(key);
        var whole = File.ReadAllBytes(FilePath);
        var random = new Random(11);
        for (var i = 0; i < 2000; i++)
        {
            var flipped = whole.ToArray();
            flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
            Refused(flipped, $"flip {i}");
        }

        for (var length = 0; length < whole.Length; length++) Refused(whole[..length], $"cut at {length}");
        var lines = Encoding.UTF8.GetString(whole).TrimEnd('\n').Split('\n');
        for (var i = 0; i < lines.Length; i++) Refused(Join([.. lines[..i], .. lines[(i + 1)..]]), $"without line {i}");
        Refused(Join([lines[1], lines[0], .. lines[2..]]), "moved");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Should.Throw<EvidenceException>(() => EvidenceDocument.Verify(whole, other)).Code.ShouldBe("evidence.document.foreign");
    }

    private static byte[] Join(string[] lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");

    // A flip may hit what carries no meaning (a letter's case in a property's name makes the property unknown, a space ...): whatever is accepted must say the same.
    private void Refused(byte[] bytes, string what)
    {
        try
        {
            var accepted = EvidenceDocument.Verify(bytes, PublicKey());
            accepted.Select(e => e.Hash).ShouldBe(EvidenceDocument.Verify(File.ReadAllBytes(FilePath), PublicKey()).Select(e => e.Hash), what);
            accepted.Select(e => (e.At, e.Kind, e.Detail)).ShouldBe(EvidenceDocument.Verify(File.ReadAllBytes(FilePath), PublicKey()).Select(e => (e.At, e.Kind, e.Detail)), what);
            what.ShouldStartWith("flip");
        }
        catch (EvidenceException)
        {
            // Refused, as it should be.
        }
    }

    private EvidenceLog Write(int count)
    {
        var log = EvidenceLog.Open(FilePath, document, TimeProvider.System);
        for (var i = 1; i <= count; i++) log.Add($"step.{i}", new JsonObject { ["text"] = $"Größe \"{i}\"\n" });
        return log;
    }

    private ECDsa PublicKey()
    {
        var half = ECDsa.Create();
        half.ImportSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo(), out _);
        return half;
    }
}
