using System.Reflection;

namespace HyperBdr.Demo.Guest;

/// <summary>The guest's own scripts (Guest/Files), as they lie in this program.</summary>
internal static class GuestFiles
{
    private const string Prefix = "guest/";

    public static IReadOnlyList<string> Names { get; } =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(n => n[Prefix.Length..])];

    public static string Text(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name) ?? throw new FileNotFoundException(name);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
