namespace HyperBdr.Nbd.Tests;

/// <summary>A disk of memory and the same bytes as a file beside it, for programs to compare with.</summary>
internal sealed class TestFile : IDisposable
{
    public TestFile(Scratch scratch, MemoryDisk disk)
    {
        Disk = disk;
        Path = scratch.Path($"{Guid.CreateVersion7():n}.raw");
        File.WriteAllBytes(Path, disk.Bytes);
    }

    public MemoryDisk Disk { get; }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
