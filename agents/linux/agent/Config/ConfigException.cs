namespace HyperBdr.LinuxAgent.Config;

/// <summary>A value that the agent does not start with: file, section, key and the allowed range.</summary>
internal sealed class ConfigException(string message) : Exception(message);
