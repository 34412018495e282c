using System.Security.Cryptography;

namespace HyperBdr.LinuxAgent.Control;

/// <summary>The secret that the command line shows to the control port; who cannot read root's files cannot command the agent.</summary>
internal static class ControlKey
{
    /// <summary>A new key for this start of the agent.</summary>
    public static string Create(string path)
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        File.Delete(path);
        using var file = new StreamWriter(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        file.Write(key);
        return key;
    }
}
