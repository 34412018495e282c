using System.Reflection;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>The version that this program was built as.</summary>
internal static class AgentVersion
{
    public static string Text { get; } = typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
