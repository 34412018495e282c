using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Commands;

/// <summary>Reads every file of every object and part, and says which are damaged, missing or nobody's. Changes nothing that is stored but, when told to, parts of nobody.</summary>
internal static class CheckCommand
{
    private const int Damage = 2;

    /// <summary>Parts that were touched later than this are kept: whoever puts a folder back from a copy may not be done.</summary>
    private static readonly TimeSpan Untouched = TimeSpan.FromDays(1);

    public static int Run(S3BlockOptions options, bool repair, TimeProvider time, TextWriter output)
    {
        using var data = DataFolder.Open(options.DataFolder, options.IndexFile, time, output.WriteLine);
        var (objects, bytes, bad) = (0L, 0L, 0);
        var used = new HashSet<string>(StringComparer.Ordinal);
        var buffer = new byte[EntryFormat.BlockBytes];
        foreach (var path in data.Buckets.Select(b => data.Layout.Objects(b.Name)).SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories)))
        {
            try
            {
                objects++;
                var entry = ReadWhole(path, buffer, ref bytes);
                if (entry.Upload is not { } upload) continue;
                used.Add(upload);
                foreach (var part in entry.Parts ?? [])
                {
                    if (ReadWhole(Path.Combine(data.Layout.Parts(upload), part.File), buffer, ref bytes).ETag != part.ETag) throw new RotException(path, $"part {part.Number} is another's");
                }
            }
            catch (RotException e)
            {
                bad++;
                output.WriteLine($"damaged: {e.Message}");
            }
        }

        var orphans = Orphans(data, used);
        foreach (var orphan in orphans) output.WriteLine($"nobody's parts: {data.Layout.Parts(orphan)}");
        output.WriteLine($"{objects} versions, {bytes} bytes, {bad} damaged, {orphans.Count} folders of parts that no object names");
        // An object that cannot be read may be the one that names them.
        if (repair && bad == 0) Remove(data, orphans, time, output);
        return bad > 0 ? Damage : 0;
    }

    private static List<string> Orphans(DataFolder data, HashSet<string> used) =>
        [.. Directory.EnumerateDirectories(data.Layout.AllParts).SelectMany(Directory.EnumerateDirectories).Select(d => Path.GetFileName(d))
            .Where(id => !used.Contains(id) && (data.Uploads.Read(id) is not { } upload || !File.Exists(data.Layout.OpenUpload(upload.Bucket, id))))];

    private static void Remove(DataFolder data, List<string> orphans, TimeProvider time, TextWriter output)
    {
        var oldest = time.GetUtcNow().UtcDateTime - Untouched;
        foreach (var folder in orphans.Select(data.Layout.Parts))
        {
            var touched = new DirectoryInfo(folder).EnumerateFiles().Select(f => f.LastWriteTimeUtc).Append(Directory.GetLastWriteTimeUtc(folder)).Max();
            if (touched < oldest) Disk.DeleteFolder(folder, data.Layout.Drafts);
            output.WriteLine(touched < oldest ? $"removed: {folder}" : $"kept for now, touched {touched:yyyy-MM-ddTHH:mm:ssZ}: {folder}");
        }
    }

    private static Entry ReadWhole(string path, byte[] buffer, ref long bytes)
    {
        using var file = EntryFile.Open(path) ?? throw new RotException(path, "missing");
        for (var block = 0; block < EntryFormat.BlocksOf(file.Length); block++) bytes += file.ReadBlock(block, buffer);
        return file.Entry;
    }
}
