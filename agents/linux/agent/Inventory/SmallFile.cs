using System.Text;

namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>Text of the kernel's small files; what is missing or refused is null, since no machine has all of them.</summary>
internal static class SmallFile
{
    private const int MaxBytes = 4 << 20;

    public static string? Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            using var text = new MemoryStream();
            var buffer = new byte[16 << 10];
            // The length of such a file is not known before its end.
            for (int count; text.Length < MaxBytes && (count = file.Read(buffer)) > 0;) text.Write(buffer, 0, count);
            return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length).Trim('\0', '\n', ' ', '\t');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static string[] Lines(string path) => Read(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A number; 0 where there is none.</summary>
    public static long Number(string path) => long.TryParse(Read(path), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
}
