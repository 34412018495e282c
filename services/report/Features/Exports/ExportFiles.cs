using System.Globalization;
using HyperBdr.Report.Domain;
using HyperBdr.ServiceDefaults.IO;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Report.Features.Exports;

/// <summary>Where the files are: <c>$HYPERBDR_HOME/data/report/{tenant}/{id}.{format}</c>. Every part of a path is made here, none comes from a caller.</summary>
internal sealed class ExportFiles(SecretFiles home)
{
    private readonly string root = Path.Combine(home.Home, "data", "report");

    public string PathOf(Export export) => Path.Combine(root, export.TenantId.ToString(), export.FileName);

    /// <summary>Room for the file, without drafts that a killed process left.</summary>
    public void Prepare(Export export)
    {
        var folder = Path.GetDirectoryName(PathOf(export))!;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var draft in Directory.EnumerateFiles(folder, $".{export.FileName}.*.part")) File.Delete(draft);
    }

    public void Remove(Export export)
    {
        if (!Directory.Exists(Path.GetDirectoryName(PathOf(export)))) return;
        DurableFile.Delete(PathOf(export));
    }

    /// <summary>Finished files and drafts that are older than <paramref name="before"/>, with the export that they belong to.</summary>
    public IEnumerable<(string Path, Guid Id)> OlderThan(DateTimeOffset before)
    {
        if (!Directory.Exists(root)) yield break;
        foreach (var file in Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            if (new DateTimeOffset(File.GetLastWriteTimeUtc(file), TimeSpan.Zero) >= before) continue;
            // "{id}.csv" or ".{id}.csv.{n}.part"
            if (Guid.TryParse(Path.GetFileName(file).TrimStart('.').Split('.')[0], CultureInfo.InvariantCulture, out var id)) yield return (file, id);
        }
    }
}
