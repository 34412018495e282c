using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;

namespace HyperBdr.Hbdr.Places;

/// <summary>Which key opens the repository; at most one is chosen.</summary>
internal sealed record KeyChoice(string? KeyFilePath, string? PassphraseFile, string? PassphraseVariable, string? EscrowKey)
{
    private const int MaxText = 64 * 1024;

    private int Count => new[] { KeyFilePath, PassphraseFile, PassphraseVariable, EscrowKey }.Count(one => one is not null);

    /// <summary>The environment's choice where the command line makes none.</summary>
    public KeyChoice OrFrom(Func<string, string?> environment)
    {
        if (Count == 0) return new KeyChoice(environment("HBDR_KEY_FILE"), environment("HBDR_PASSPHRASE_FILE"), null, environment("HBDR_ESCROW_KEY"));
        return this;
    }

    public KeySource Open(Func<string, string?> environment)
    {
        MustBeOne();
        if (KeyFilePath is not null) return KeyFile.Read(KeyFilePath);
        if (EscrowKey is not null) return EscrowPrivateKey.FromPem(TextOf(EscrowKey), environment("HBDR_ESCROW_PASSPHRASE"));
        return PassphraseOf(environment);
    }

    public Passphrase PassphraseOf(Func<string, string?> environment)
    {
        if (PassphraseVariable is not null)
        {
            return new Passphrase(environment(PassphraseVariable) ?? throw new EngineException(Fault.InvalidArgument, PassphraseVariable, "this environment variable holds no passphrase"));
        }

        var text = TextOf(PassphraseFile!);
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        return new Passphrase(end < 0 ? text : text.AsSpan(0, end));
    }

    public void MustBeOne()
    {
        if (Count == 0) throw new EngineException(Fault.InvalidArgument, "key", "name the repository's key: --key-file, --passphrase-file, --passphrase-env or --escrow-key");
        if (Count > 1) throw new EngineException(Fault.InvalidArgument, "key", "more than one key is named");
    }

    /// <summary>A small text file.</summary>
    public static string TextOf(string path)
    {
        try
        {
            using var file = new StreamReader(path);
            var buffer = new char[MaxText + 1];
            var length = file.ReadBlock(buffer);
            return length <= MaxText ? new string(buffer, 0, length) : throw new EngineException(Fault.InvalidArgument, path, "is too long for a key");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException(Fault.NotFound, path, "there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.SourceUnreadable, path, e.Message, e);
        }
    }
}
