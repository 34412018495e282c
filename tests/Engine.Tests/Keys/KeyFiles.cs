using HyperBdr.Engine.Codec.Keys;
using Shouldly;
using Xunit;
using static HyperBdr.Engine.Tests.Keys.KeySamples;

namespace HyperBdr.Engine.Tests.Keys;

public sealed class KeyFiles : IDisposable
{
    private const string Line = "hbdr-key-1:gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8l5Tc12Hm";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("keyfiles");

    [Fact]
    public void The_text_of_a_key_never_changes()
    {
        using var key = new RawKey(Pattern(0x80, 32));
        KeyText.Format(key).ShouldBe(Line);
        using var read = KeyText.Parse($"  {Line}\r\n");
        read.Bytes.ToArray().ShouldBe(Pattern(0x80, 32));
    }

    [Fact]
    public void Every_single_typo_is_found()
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ =é";
        var start = Line.IndexOf(':') + 1;
        for (var at = start; at < Line.Length; at++)
        {
            foreach (var letter in letters.Where(l => l != Line[at]))
                FaultOf(() => KeyText.Parse(Line[..at] + letter + Line[(at + 1)..])).ShouldBe(Fault.InvalidArgument);
            FaultOf(() => KeyText.Parse(Line[..at] + Line[(at + 1)..])).ShouldBe(Fault.InvalidArgument);
            FaultOf(() => KeyText.Parse(Line[..at] + "A" + Line[at..])).ShouldBe(Fault.InvalidArgument);
            if (at + 1 < Line.Length && Line[at] != Line[at + 1])
                FaultOf(() => KeyText.Parse(Line[..at] + Line[at + 1] + Line[at] + Line[(at + 2)..])).ShouldBe(Fault.InvalidArgument);
        }
    }

    [Fact]
    public void A_typo_is_named_and_the_key_is_not_repeated()
    {
        var message = Should.Throw<EngineException>(() => KeyText.Parse(Line.Replace("gIGC", "gIGc"))).Message;
        message.ShouldContain("mistyped");
        message.ShouldNotContain("hoeIiYqL");
        FaultOf(() => KeyText.Parse(Line.Replace("key-1", "key-2"))).ShouldBe(Fault.NewerFormat);
    }

    [Fact]
    public void A_key_file_belongs_to_its_owner_alone_and_reads_back()
    {
        using var key = RawKey.Create();
        var path = Path.Combine(folder.FullName, "main.key");
        KeyFile.Create(path, key);

        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var read = KeyFile.Read(path);
        read.Bytes.SequenceEqual(key.Bytes).ShouldBeTrue();
        folder.GetFileSystemInfos().Length.ShouldBe(1);
    }

    [Fact]
    public void A_key_file_is_never_overwritten()
    {
        using var key = RawKey.Create();
        var path = Path.Combine(folder.FullName, "main.key");
        File.WriteAllText(path, "the only key");
        FaultOf(() => KeyFile.Create(path, key)).ShouldBe(Fault.NameTaken);
        File.ReadAllText(path).ShouldBe("the only key");
        folder.GetFileSystemInfos().Length.ShouldBe(1);

        // A name that leads nowhere is taken too.
        var link = Path.Combine(folder.FullName, "link.key");
        File.CreateSymbolicLink(link, Path.Combine(folder.FullName, "nowhere"));
        FaultOf(() => KeyFile.Create(link, key)).ShouldBe(Fault.NameTaken);
        File.Exists(Path.Combine(folder.FullName, "nowhere")).ShouldBeFalse();
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_said()
    {
        using var key = RawKey.Create();
        FaultOf(() => KeyFile.Create(Path.Combine(folder.FullName, "none", "main.key"), key)).ShouldBe(Fault.TargetFailed);
        FaultOf(() => KeyFile.Read(Path.Combine(folder.FullName, "none", "main.key"))).ShouldBe(Fault.NotFound);
        FaultOf(() => KeyFile.Read(folder.FullName)).ShouldBe(Fault.SourceUnreadable);
    }

    [Theory]
    [InlineData("", "no key")]
    [InlineData("# only words\n", "no key")]
    [InlineData(Line + "\n" + Line, "more than one")]
    [InlineData("-----BEGIN PRIVATE KEY-----", "hbdr-key-1:")]
    public void What_is_no_key_file_is_refused_with_a_reason(string text, string reason)
    {
        var path = Path.Combine(folder.FullName, "main.key");
        File.WriteAllText(path, text);
        var error = Should.Throw<EngineException>(() => KeyFile.Read(path));
        error.Fault.ShouldBe(Fault.InvalidArgument);
        error.Message.ShouldContain(reason);
    }

    [Fact]
    public void A_file_of_any_length_costs_little()
    {
        var path = Path.Combine(folder.FullName, "main.key");
        File.WriteAllText(path, new string('#', 4097));
        FaultOf(() => KeyFile.Read(path)).ShouldBe(Fault.InvalidArgument);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
