using System.Diagnostics;
using HyperBdr.Engine.Blocks;
using Shouldly;

namespace HyperBdr.Engine.Tests.Blocks;

/// <summary>A folder for real image files, loop devices and mounts; everything goes when it is disposed.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly Stack<Action> _undo = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("hyperbdr-blocks-").FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>A sparse file of the given length.</summary>
    public string Sparse(string name, long length)
    {
        using var file = File.OpenHandle(PathOf(name), FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, length);
        return PathOf(name);
    }

    /// <summary>Attaches a loop device (options as for losetup) until the end.</summary>
    public string Loop(string image, params string[] options)
    {
        var device = Run("losetup", ["-f", "--show", .. options, image]).Trim();
        _undo.Push(() => Run("losetup", ["-d", device]));
        return device;
    }

    /// <summary>Mounts a device until the returned action, or the end.</summary>
    public (string Folder, Action Unmount) Mount(string device, params string[] options)
    {
        var folder = Directory.CreateDirectory(PathOf("mount-" + Guid.CreateVersion7())).FullName;
        Run("mount", [.. options, device, folder]);
        var mounted = true;
        void Unmount()
        {
            if (mounted) Run("umount", [folder]);
            mounted = false;
        }

        _undo.Push(Unmount);
        return (folder, Unmount);
    }

    public static string Run(string program, params string[] arguments)
    {
        var (code, output) = TryRun(program, arguments);
        code.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {output}");
        return output;
    }

    public static (int Code, string Output) TryRun(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + error.GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        while (_undo.TryPop(out var undo)) undo();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Whole sources, for tests.</summary>
internal static class WholeSource
{
    public static async Task<List<Extent>> AllExtents(this IBlockSource source, ByteRange range, CancellationToken ct)
    {
        var extents = new List<Extent>();
        await foreach (var extent in source.ExtentsAsync(range, ct)) extents.Add(extent);
        MustCover(extents, range, source.Length ?? long.MaxValue);
        return extents;
    }

    public static async Task<byte[]> ReadAll(this IBlockSource source, CancellationToken ct)
    {
        var content = new byte[Block.CountFor(source.Length!.Value) * Block.Size];
        var count = await source.ReadAsync(0, content, ct);
        return content[..count];
    }

    private static void MustCover(List<Extent> extents, ByteRange range, long length)
    {
        var position = range.Offset;
        foreach (var extent in extents)
        {
            extent.Offset.ShouldBe(position);
            extent.Length.ShouldBeGreaterThan(0);
            position = extent.End;
        }

        position.ShouldBe(Math.Max(range.Offset, Math.Min(range.End, length)));
    }
}
