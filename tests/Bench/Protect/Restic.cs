using System.Diagnostics;
using System.Globalization;

namespace HyperBdr.Bench.Protect;

/// <summary>restic as Debian has it, its repository in a bucket, with the settings that it comes with.</summary>
internal sealed class Restic(Uri endpoint, string bucket, string authority, string cache)
{
    public double PeakMebibytes { get; private set; }

    public void Init() => Run(null, "init");

    /// <summary>Reads the device from standard input, in full: restic knows no other way to store what a device holds.</summary>
    /// <returns>CPU seconds of restic.</returns>
    public double Backup(string device) => Run(device, "backup", "--stdin", "--stdin-filename", "disk.img", "--host", "bench");

    private double Run(string? input, params string[] arguments)
    {
        // The kernel's accounting of the child, as wait4 gives it to the shell; %R is not used: the caller's clock is.
        var script = "\"$@\"" + (input is null ? "" : " <" + input);
        var start = new ProcessStartInfo("/usr/bin/time", ["-f", "%U %S %M", "bash", "-c", $"exec {script}", "bash", "restic", "-q", "--cacert", authority, "-r", $"s3:{endpoint.AbsoluteUri}{bucket}", .. arguments]) { UseShellExecute = false, RedirectStandardError = true };
        start.Environment["AWS_ACCESS_KEY_ID"] = S3BlockProcess.AccessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = S3BlockProcess.SecretKey;
        start.Environment["RESTIC_PASSWORD"] = "benchmark";
        start.Environment["RESTIC_CACHE_DIR"] = cache;
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"restic: {said}");
        var fields = said.Split('\n')[^1].Split(' ').Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        PeakMebibytes = fields[2] / 1024;
        return fields[0] + fields[1];
    }
}
