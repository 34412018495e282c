namespace HyperBdr.Agents.Settings;

/// <summary>A configuration that a program does not start with. The message names each file, section, key and allowed range.</summary>
public sealed class SettingsException : Exception
{
    public SettingsException(string message)
        : base(message)
    {
    }

    public SettingsException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public SettingsException()
    {
    }
}
