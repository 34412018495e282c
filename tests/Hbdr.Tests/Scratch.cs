using System.Security.Cryptography;

namespace HyperBdr.Hbdr.Tests;

/// <summary>A folder with a repository, its key and its cache, and disks to back up; everything goes when it is disposed.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly Stack<Action> undo = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-hbdr-").FullName;

    public string Repository => PathOf("repository");

    public string KeyFile => PathOf("key");

    public string Cache => PathOf("cache");

    public string PathOf(string name) => Path.Combine(folder, name);

    /// <summary>Runs hbdr with the key file and the cache of this folder.</summary>
    public Task<Ran> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    public async Task<Ran> RunAsync(string[] arguments, Dictionary<string, string> environment, string? input = null, string? output = null)
    {
        using var process = Start(arguments, environment);
        var error = process.StandardError.ReadToEndAsync();
        var sent = SendAsync(process, input);
        string text = "";
        if (output is null)
        {
            text = await process.StandardOutput.ReadToEndAsync();
        }
        else
        {
            await using var file = File.Create(output);
            await process.StandardOutput.BaseStream.CopyToAsync(file);
        }

        await sent;
        await process.WaitForExitAsync();
        return new Ran(process.ExitCode, text, await error);
    }

    public System.Diagnostics.Process Start(string[] arguments, Dictionary<string, string> environment)
    {
        var all = new Dictionary<string, string> { ["HBDR_KEY_FILE"] = KeyFile, ["HBDR_CACHE"] = Cache };
        foreach (var (name, value) in environment) all[name] = value;
        return Tool.Start(Tool.Hbdr, arguments, all);
    }

    public async Task InitAsync() => (await RunAsync("init", Repository)).Well();

    /// <summary>Makes a point of one disk and returns its id.</summary>
    public async Task<string> BackUpAsync(string image, params string[] options)
    {
        var ran = (await RunAsync(["backup", Repository, image, "--host", "one", "--json", .. options], [])).Well();
        return ran.Json.GetProperty("point").GetProperty("id").GetString()!;
    }

    /// <summary>A sparse file with random bytes in places.</summary>
    public string Image(string name, long length, int seed, params (long Offset, int Length)[] data)
    {
        var random = new Random(seed);
        using var file = File.OpenHandle(PathOf(name), FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, length);
        foreach (var (offset, count) in data)
        {
            var bytes = new byte[Math.Min(count, 1 << 20)];
            for (var done = 0; done < count; done += bytes.Length)
            {
                random.NextBytes(bytes);
                RandomAccess.Write(file, bytes.AsSpan(0, Math.Min(bytes.Length, count - done)), offset + done);
            }
        }

        return PathOf(name);
    }

    /// <summary>Writes over a part of a file.</summary>
    public static void Change(string path, long offset, int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(file, bytes, offset);
    }

    public static string Sha256(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }

    /// <summary>A loop device over the image until the end.</summary>
    public string Loop(string image)
    {
        var device = Tool.Run("losetup", "-f", "--show", image).Trim();
        undo.Push(() => Tool.Run("losetup", "-d", device));
        return device;
    }

    /// <summary>Works in the image's file system while it is mounted.</summary>
    public void Mounted(string image, Action<string> work)
    {
        var at = Directory.CreateDirectory(PathOf("mount")).FullName;
        Tool.Run("mount", "-o", "loop", image, at);
        try
        {
            work(at);
        }
        finally
        {
            Tool.Run("umount", at);
        }
    }

    /// <summary>Bytes of all packs in the repository.</summary>
    public long StoredBytes() => new DirectoryInfo(Repository).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => !f.FullName.Contains("/.tmp/", StringComparison.Ordinal)).Sum(f => f.Length);

    public FileInfo LargestPack() => new DirectoryInfo(Path.Combine(Repository, "packs")).EnumerateFiles("*", SearchOption.AllDirectories).MaxBy(f => f.Length)!;

    public void Dispose()
    {
        while (undo.TryPop(out var step)) step();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task SendAsync(System.Diagnostics.Process process, string? input)
    {
        if (input is not null)
        {
            await using var file = File.OpenRead(input);
            await file.CopyToAsync(process.StandardInput.BaseStream);
        }

        process.StandardInput.Close();
    }
}
