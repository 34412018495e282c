using System.Runtime.CompilerServices;

namespace HyperBdr.EngineFaults.Tests;

/// <summary>Folders of the source tree that tests read.</summary>
internal static class Places
{
    /// <summary>This project's folder.</summary>
    public static string Project { get; } = Here();

    /// <summary>The folder of all tests.</summary>
    public static string Tests { get; } = Path.GetFullPath(Path.Combine(Project, ".."));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
