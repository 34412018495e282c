namespace HyperBdr.LinuxAgent.Config;

/// <summary>What becomes of a key's value.</summary>
internal enum KeyUse
{
    /// <summary>It acts.</summary>
    Honoured,
    /// <summary>Something that is at least as good acts in its place, whatever it says; docs/agent-config.md tells what.</summary>
    Replaced,
    /// <summary>Only the value that acts anyway is taken.</summary>
    Fixed,
}

/// <summary>One key of config.ini.</summary>
/// <param name="Default">Where the file does not have it.</param>
/// <param name="Wrong">The allowed range when the value is outside of it; else null.</param>
internal sealed record ConfigKey(string Section, string Name, string Default, KeyUse Use, Func<string, string?> Wrong);
