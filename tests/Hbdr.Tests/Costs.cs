using System.Globalization;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class Costs : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_full_backup_of_a_gibibyte_takes_at_most_160_mebibytes_of_memory()
    {
        var image = scratch.Image("image", 1024L * Mib, 1, (0, 1000 * Mib));
        await scratch.InitAsync();
        PeakMib("backup", scratch.Repository, image, "--host", "one").ShouldBeLessThanOrEqualTo(160);
        PeakMib("restore", scratch.Repository, "latest", "--to", scratch.PathOf("restored")).ShouldBeLessThanOrEqualTo(160);
        Scratch.Sha256(scratch.PathOf("restored")).ShouldBe(Scratch.Sha256(image));
    }

    /// <summary>The kernel's own account of the most memory that was resident.</summary>
    private double PeakMib(params string[] arguments)
    {
        const string Measure = "import os,sys; _,s,r=os.wait4(os.posix_spawn(sys.argv[1],sys.argv[1:],os.environ),0); print(r.ru_maxrss); sys.exit(os.waitstatus_to_exitcode(s))";
        var printed = Tool.Run("python3", ["-c", Measure, Tool.Hbdr, .. arguments, "--key-file", scratch.KeyFile, "--cache", scratch.Cache, "--quiet"]);
        return long.Parse(printed.Trim(), CultureInfo.InvariantCulture) / 1024.0;
    }
}
