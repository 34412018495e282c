using System.Diagnostics;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Capture.Tests;

/// <summary>Real loop devices and mounts, which all go when it is disposed.</summary>
internal sealed class Machine : IDisposable
{
    private readonly Stack<Action> undo = new();

    public Machine()
    {
        if (Environment.UserName != "root") Assert.Skip("Block devices and file systems need root.");
        if (!File.Exists("/proc/filesystems") || !File.ReadAllText("/proc/filesystems").Contains("tracefs", StringComparison.Ordinal)) Assert.Skip("This kernel has no tracefs at all.");
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("hyperbdr-capture-").FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>A loop device over a sparse file.</summary>
    public string Disk(string name, long length)
    {
        using (var file = File.OpenHandle(PathOf(name), FileMode.CreateNew, FileAccess.Write)) RandomAccess.SetLength(file, length);
        return Loop(PathOf(name));
    }

    public string Loop(string image, params string[] options)
    {
        var device = Run("losetup", ["-f", "--show", .. options, image]).Trim();
        undo.Push(() => Run("losetup", "-d", device));
        return device;
    }

    /// <summary>A disk with a file system, mounted.</summary>
    public (string Device, string Folder) FileSystem(string kind, long length, string name = "disk.img")
    {
        var device = Disk(name, length);
        Format(kind, device);
        return (device, Mount(device));
    }

    public static void Format(string kind, string device) => Run($"mkfs.{kind}", kind is "xfs" or "btrfs" ? ["-q", "-f", device] : ["-q", "-F", device]);

    public string Mount(string device, params string[] options)
    {
        var folder = Directory.CreateDirectory(PathOf($"mount-{Guid.CreateVersion7():n}")).FullName;
        Run("mount", [.. options, device, folder]);
        undo.Push(() => Run("umount", folder));
        return folder;
    }

    /// <summary>The bytes of a device as they are on it now.</summary>
    public static void Copy(string device, string path)
    {
        Run("dd", $"if={device}", $"of={path}", "bs=1M", "iflag=direct", "conv=sparse", "status=none");
    }

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {output}{error.GetAwaiter().GetResult()}");
        return output;
    }

    /// <summary>Fails unless the image's file system is whole. A journal may be there to be replayed, as after a power cut.</summary>
    public void Check(string kind, string image)
    {
        if (kind == "btrfs")
        {
            // Mounted beside the live one with the same id it would be taken for a second device of it.
            Run("btrfs", "check", "--readonly", image);
            return;
        }

        var device = Loop(image);
        var folder = Directory.CreateDirectory(PathOf($"check-{Guid.CreateVersion7():n}")).FullName;
        Run("mount", kind == "xfs" ? ["-o", "nouuid", device, folder] : [device, folder]);
        Run("umount", folder);
        if (kind == "xfs") Run("xfs_repair", "-n", device);
        else Run("e2fsck", "-f", "-n", device);
    }

    /// <summary>Writes random bytes to a device or file: past the page cache, or through it and out to the medium.</summary>
    public static void Write(string path, long offset, int length, int seed, bool direct = true)
    {
        using var file = direct ? DirectFile.Open(path) : File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, FileOptions.WriteThrough);
        RandomAccess.Write(file, Content(length, seed).Span, offset);
    }

    public static Memory<byte> Content(int length, int seed)
    {
        var content = AlignedMemory.Allocate(length);
        new Random(seed).NextBytes(content.Span);
        return content;
    }

    public void Dispose()
    {
        while (undo.TryPop(out var step)) step();
        Directory.Delete(Folder, recursive: true);
    }
}
