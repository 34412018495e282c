using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.AppHost.Processes;

/// <summary>The one folder of all data, logs, certificates and secrets (<c>HYPERBDR_HOME</c>).</summary>
/// <remarks>
/// <c>data/</c> of the three servers, <c>logs/</c> per service, and readable by the starting user only:
/// <c>secrets/</c> and <c>run/</c> (control socket, process records, lock).
/// </remarks>
internal sealed class Home
{
    /// <summary>Longest path of a Unix socket on Linux is 107 bytes; <c>/run/control.sock</c> takes 17 of them.</summary>
    private const int LongestPathBytes = 90;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Open = Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private Home(string root) => Root = root;

    public string Root { get; }
    public string Data => Path.Combine(Root, "data");
    public string Logs => Path.Combine(Root, "logs");
    public string Run => Path.Combine(Root, "run");
    public string Secrets => Path.Combine(Root, "secrets");
    public string ControlSocket => Path.Combine(Run, "control.sock");
    public string FirstAdminPassword => Path.Combine(Secrets, "first-admin-password");

    public static Home At(string path)
    {
        var root = Path.GetFullPath(path);
        if (Encoding.UTF8.GetByteCount(root) > LongestPathBytes)
            throw new StartProblemException($"HYPERBDR_HOME {root} is longer than {LongestPathBytes} bytes, too long for a control socket: choose a shorter folder.");
        return new Home(root);
    }

    /// <summary>Root's own home is closed to the unprivileged user that the servers run as, so root's data live under /var/lib.</summary>
    public static string DefaultPath(bool isRoot) =>
        isRoot ? "/var/lib/hyperbdr" : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".hyperbdr");

    public void Create()
    {
        try
        {
            Folder(Root, Open);
            Folder(Data, Open);
            Folder(Logs, Open);
            Folder(Run, Private);
            Folder(Secrets, Private);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartProblemException($"Cannot make {Root} ({e.Message.TrimEnd('.')}): name a folder that you may write to in HYPERBDR_HOME.", e);
        }
    }

    /// <summary>Reads a secret, or makes it once: 32 random bytes as letters and digits, file mode 0600.</summary>
    public string Secret(string name)
    {
        var path = Path.Combine(Secrets, name);
        if (File.Exists(path)) return File.ReadAllText(path).Trim();

        var secret = RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 43);
        // Written aside and renamed: a crash must not leave an empty secret that data are then made with.
        WritePrivate(path + ".new", secret);
        File.Move(path + ".new", path, overwrite: true);
        return secret;
    }

    public static void WritePrivate(string path, string text)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var writer = new StreamWriter(path, new UTF8Encoding(false), options);
        writer.Write(text);
    }

    private static void Folder(string path, UnixFileMode mode)
    {
        if (!Directory.Exists(path)) Directory.CreateDirectory(path, mode);
        else if (mode == Private) File.SetUnixFileMode(path, mode);
    }
}
