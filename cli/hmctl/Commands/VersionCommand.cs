using System.Reflection;

namespace HyperBdr.Hmctl.Commands;

/// <summary><c>hmctl version</c>.</summary>
internal static class VersionCommand
{
    public static int Run(Io io)
    {
        var version = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        io.Out.WriteLine($"hmctl {version.Split('+')[0]}");
        return ExitCodes.Done;
    }
}
