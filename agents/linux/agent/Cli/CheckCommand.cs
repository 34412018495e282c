using System.Globalization;
using HyperBdr.LinuxAgent.Control;
using HyperBdr.LinuxAgent.Inventory;

namespace HyperBdr.LinuxAgent.Cli;

/// <summary><c>egisplus-cli agent check</c> and <c>fs</c>.</summary>
internal static class CheckCommand
{
    /// <returns>0 good, 1 the service is down, 2 not registered.</returns>
    public static int Write(TextWriter output, StatusDocument? status, bool registered)
    {
        output.WriteLine("Service status");
        output.WriteLine($"Agent service is started: {YesNo(status is not null)}");
        output.WriteLine("Agent status");
        output.WriteLine($"This agent is registered: {YesNo(registered)}");
        output.WriteLine($"This agent is protected : {YesNo(status?.Protected == true)}");
        output.WriteLine($"Heartbeat of this agent : {(status?.Heartbeat ?? 0).ToString(CultureInfo.InvariantCulture)}.");
        output.WriteLine("File system");
        WriteMounts(output);
        return status is null ? 1 : registered ? 0 : 2;
    }

    public static void WriteMounts(TextWriter output)
    {
        var rows = new List<string[]> { new[] { "block", "mount", "fs", "free", "used", "path" } };
        foreach (var mount in MountTable.Read())
        {
            if (MountTable.Space(mount.Point) is not { } space) continue;
            var used = space.Used + space.Available > 0 ? (int)Math.Ceiling(100.0 * space.Used / (space.Used + space.Available)) : 0;
            rows.Add([BlockOf(mount), mount.Point, mount.FileSystem, Sizes.Short(space.Available), $"{used}%", mount.Source]);
        }

        TextTable.Write(output, rows);
    }

    // /dev/mapper/centos-root is a second name of /dev/dm-0.
    private static string BlockOf(Mount mount) => File.ResolveLinkTarget(mount.Source, returnFinalTarget: true)?.FullName ?? mount.Source;

    private static string YesNo(bool value) => value ? "Yes." : "No.";
}
