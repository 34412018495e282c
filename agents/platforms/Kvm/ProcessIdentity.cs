using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Platforms.Kvm;

/// <summary>A process, known by its id, the time it began (field 22 of its stat) and the boot of the host: an id alone may be another's by now.</summary>
internal sealed partial record ProcessIdentity(int Id, string Began, string Boot)
{
    private const int Kill = 9;
    private const long PidFdOpen = 434;
    private const long PidFdSendSignal = 424;
    private const int MaxCommandLine = 128 * 1024;
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(20);
    private static readonly Lazy<string> ThisBoot = new(() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    [JsonIgnore]
    public bool IsAlive => Boot == ThisBoot.Value && BeganOf(Id) == Began;

    /// <summary>Null when it is gone.</summary>
    public static ProcessIdentity? Of(int id) => BeganOf(id) is { } began ? new(id, began, ThisBoot.Value) : null;

    /// <summary>All processes that were started with these two arguments one after the other.</summary>
    public static List<ProcessIdentity> StartedWith(string option, string value)
    {
        var wanted = Encoding.UTF8.GetBytes($"\0{option}\0{value}\0");
        var found = new List<ProcessIdentity>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) continue;
            if (CommandLine(id).AsSpan().IndexOf(wanted) >= 0 && Of(id) is { } process) found.Add(process);
        }

        return found;
    }

    /// <summary>Ends it by force, and returns when it is gone. Never another process that has the id by now.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.Failed"/>: it does not go.</exception>
    public async Task KillAsync(TimeProvider time, CancellationToken ct)
    {
        // The descriptor is this very process's, whoever gets the id later: opened first, then compared.
        var descriptor = SystemCall(PidFdOpen, Id, 0, 0, 0);
        if (descriptor < 0) return;
        using var process = new SafeFileHandle((nint)descriptor, ownsHandle: true);
        var begin = time.GetTimestamp();
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20), time);
        while (IsAlive)
        {
            if (time.GetElapsedTime(begin) > KillLimit) throw new PlatformException(PlatformFault.Failed, $"process {Id}", "does not end");
            _ = SystemCall(PidFdSendSignal, (long)process.DangerousGetHandle(), Kill, 0, 0);
            await again.WaitForNextTickAsync(ct);
        }
    }

    private static byte[] CommandLine(int id)
    {
        try
        {
            using var file = File.OpenRead($"/proc/{id}/cmdline");
            var bytes = new byte[MaxCommandLine];
            return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Null for a process that is gone or only waits to be collected.</summary>
    private static string? BeganOf(int id)
    {
        try
        {
            // e.g. "123 (a (name)) S 1 123 ...": the name may hold blanks and brackets, so the fields are counted from its end.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }

    // glibc has wrappers only since 2.36; the numbers are the same on all platforms.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long a, long b, long c, long d);
}
