using System.Diagnostics;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Starts QEMU so that it outlives this process.</summary>
internal static class QemuLaunch
{
    private const int MaxSaid = 2048;

    // A session of its own, and its words in a file, as a pipe would break. The shell opens the file and becomes the program.
    private const string IntoFile = "exec \"$@\" >\"$0\" 2>&1 </dev/null";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Returns when the machine is made and all its disks are open.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.Failed"/>: with QEMU's own words.</exception>
    public static async Task<ProcessIdentity> RunAsync(MachineRequest request, MachineFolder folder, IReadOnlyList<string> line, TimeProvider time, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", IntoFile, folder.Output, .. line]) { WorkingDirectory = folder.Path })!;
        var begin = time.GetTimestamp();
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20), time);
        while (!await AnswersAsync(folder, time, ct))
        {
            if (process.HasExited) throw new PlatformException(PlatformFault.Failed, request.Name, "QEMU does not start" + Said(folder));
            if (time.GetElapsedTime(begin) > Limit) throw new PlatformException(PlatformFault.Failed, request.Name, $"QEMU did not start within {Limit.TotalSeconds:0} s{Said(folder)}");
            await again.WaitForNextTickAsync(ct);
        }

        return ProcessIdentity.Of(process.Id) ?? throw new PlatformException(PlatformFault.Failed, request.Name, "QEMU ended at once" + Said(folder));
    }

    /// <summary>QEMU's own last words after a colon, for people; empty when it said nothing.</summary>
    public static string Said(MachineFolder folder)
    {
        if (!File.Exists(folder.Output)) return "";
        using var file = new FileStream(folder.Output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = Math.Max(0, file.Length - MaxSaid);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Trim().ReplaceLineEndings(" | ") is { Length: > 0 } said ? ": " + said : "";
    }

    private static async Task<bool> AnswersAsync(MachineFolder folder, TimeProvider time, CancellationToken ct)
    {
        if (!File.Exists(folder.Qmp)) return false;
        using var link = new QmpLink(folder.Qmp, time);
        try
        {
            return await link.ExecuteAsync("query-status", null, ct) is not null;
        }
        catch (PlatformException e) when (e.Fault == PlatformFault.Unavailable)
        {
            return false;
        }
    }
}
