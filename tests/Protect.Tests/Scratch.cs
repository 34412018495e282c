namespace HyperBdr.ProtectTests;

/// <summary>A folder that goes with the test; its path is short enough for sockets, and the suite's unprivileged servers may enter it.</summary>
public sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("prod-").FullName;

    public Scratch() => File.SetUnixFileMode(Folder, (UnixFileMode)Convert.ToInt32("755", 8));

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public static string Root { get; } = FindRoot();

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent ?? throw new DirectoryNotFoundException("HyperBdr.sln");
        return folder.FullName;
    }
}
