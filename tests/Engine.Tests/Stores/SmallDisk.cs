namespace HyperBdr.Engine.Tests.Stores;

/// <summary>A real ext4 file system on a loop device, unmounted and released afterwards. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly ScratchFolder scratch;
    private readonly string device;

    private SmallDisk(ScratchFolder scratch, string device) => (this.scratch, this.device) = (scratch, device);

    public string Path => scratch["mount"];

    public static async Task<SmallDisk> MakeAsync(int mebibytes)
    {
        var folder = new ScratchFolder();
        var image = folder["disk.img"];
        await using (var file = File.Create(image)) file.SetLength((long)mebibytes << 20);
        await Tool.RunAsync("mkfs.ext4", "-q", "-m", "0", image);
        var loop = (await Tool.RunAsync("losetup", "-f", "--show", image)).Trim();
        var disk = new SmallDisk(folder, loop);
        Directory.CreateDirectory(disk.Path);
        await Tool.RunAsync("mount", loop, disk.Path);
        return disk;
    }

    public Task RemountReadOnlyAsync() => Tool.RunAsync("mount", "-o", "remount,ro", Path);

    public async ValueTask DisposeAsync()
    {
        await Tool.RunAsync("umount", Path);
        await Tool.RunAsync("losetup", "-d", device);
        scratch.Dispose();
    }
}
