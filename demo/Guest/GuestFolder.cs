using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.Demo.Guest;

/// <summary>Where the production host's first disks and its kernel are kept once they are built.</summary>
public sealed class GuestFolder(string root)
{
    /// <summary>Changes with everything that goes into the guest from here; what comes from the distribution is taken as it was when it was built.</summary>
    private static readonly Lazy<string> Recipe = new(() =>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in GuestFiles.Names) hash.AppendData(Encoding.UTF8.GetBytes(GuestFiles.Text(name)));
        hash.AppendData(Encoding.UTF8.GetBytes(GuestBuild.Recipe));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    });

    public string Path { get; } = System.IO.Path.Combine(root, ".build", "production-host");

    public string Kernel => In("vmlinuz");

    public string Initrd => In("initrd");

    /// <summary>GPT with one ext4 file system, label root.</summary>
    public string RootDisk => In("root.raw");

    /// <summary>GPT with one ext4 file system, label data.</summary>
    public string DataDisk => In("data.raw");

    private string Complete => In("complete");

    /// <summary>Builds what is missing or stale; one build at a time on this machine.</summary>
    public async Task BuildAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(Path);
        await using var held = await LockAsync(In("lock"), ct);
        if (File.Exists(Complete) && string.Equals(await File.ReadAllTextAsync(Complete, ct), Recipe.Value, StringComparison.Ordinal)) return;
        File.Delete(Complete);
        await new GuestBuild(this).RunAsync(ct);
        await File.WriteAllTextAsync(Complete, Recipe.Value, ct);
    }

    internal string In(string name) => System.IO.Path.Combine(Path, name);

    private static async Task<FileStream> LockAsync(string path, CancellationToken ct)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await again.WaitForNextTickAsync(ct);
            }
        }
    }
}
