using HyperBdr.Agents.Settings;
using HyperBdr.Engine.IO;

namespace HyperBdr.S3Block.Keys;

/// <summary>The secret of the configuration file: a plain one is sealed where it stands when a start first sees it, as watchman does with the same key.</summary>
internal static class SealedSecret
{
    private const string Section = "system";
    private const string Name = "secretAccessKey";

    /// <returns>Null when this installation did not seal it.</returns>
    public static string? Opened(InstallKey installKey, string secret) =>
        secret.StartsWith(InstallKey.Prefix, StringComparison.Ordinal) ? installKey.TryOpen(Section, Name, secret) : secret;

    /// <exception cref="IOException">The file cannot be written: a secret does not stay plain in silence.</exception>
    public static void Seal(string path, InstallKey installKey)
    {
        if (DurableFiles.Read(path, IniDocument.MaxLength) is not { } bytes) return;
        var document = IniDocument.Parse(System.Text.Encoding.UTF8.GetString(bytes));
        var plain = document.Entries.LastOrDefault(e => e.Section.Equals(Section, StringComparison.OrdinalIgnoreCase) && e.Key.Equals(Name, StringComparison.OrdinalIgnoreCase));
        if (plain.Value is not { Length: > 0 } secret || secret.StartsWith(InstallKey.Prefix, StringComparison.Ordinal)) return;
        document.Set(plain.Section, plain.Key, installKey.Seal(Section, Name, secret));
        DurableFiles.Write(path, document.ToString());
    }
}
