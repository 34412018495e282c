using HyperBdr.Engine.Index;
using Xunit;

namespace HyperBdr.Engine.Tests.Index;

/// <summary>A cache folder and the index objects of a repository that lies beside it in memory.</summary>
internal sealed class IndexFolder : IDisposable
{
    public static Guid Repository { get; } = Guid.Parse("0190a5b4-0000-7000-8000-000000000001");

    public string FolderPath { get; } = Path.Combine(Path.GetTempPath(), $"hbdr-index-{Guid.CreateVersion7():N}", "cache");

    public Dictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    public int Loads { get; private set; }

    public IEnumerable<string> SegmentPaths => Directory.EnumerateFiles(FolderPath, "*.hbis");

    public ChunkIndex Open() => ChunkIndex.Open(FolderPath, Repository);

    public Task SyncAsync(ChunkIndex index) => index.SyncAsync([.. Objects.Keys], LoadAsync, TestContext.Current.CancellationToken);

    public void Put(string name, params IReadOnlyList<PackEntry> packs) => Objects[name] = IndexObject.Encode(packs);

    public void Dispose()
    {
        var parent = Path.GetDirectoryName(FolderPath)!;
        if (Directory.Exists(parent)) Directory.Delete(parent, recursive: true);
    }

    private Task<byte[]> LoadAsync(string name, CancellationToken ct)
    {
        Loads++;
        return Task.FromResult(Objects[name]);
    }
}
