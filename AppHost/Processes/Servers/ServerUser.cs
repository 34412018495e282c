using System.Globalization;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>The unprivileged user that PostgreSQL, RabbitMQ and Redis run as.</summary>
/// <remarks>Started by root: the system user <c>hyperbdr</c>, made when missing. Started by anyone else: that user.</remarks>
internal sealed record ServerUser(string Name, uint Uid, uint Gid, bool IsSwitched)
{
    private const string SystemName = "hyperbdr";
    private static readonly Dictionary<string, string> ToolEnvironment = new() { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["LC_ALL"] = "C.UTF-8" };

    public IEnumerable<string> SetprivOptions() =>
        IsSwitched ? ["--reuid", Uid.ToString(CultureInfo.InvariantCulture), "--regid", Gid.ToString(CultureInfo.InvariantCulture), "--clear-groups", "--no-new-privs"] : [];

    public static async Task<ServerUser> ResolveAsync(CancellationToken ct)
    {
        if (!Libc.IsRoot) return new(Environment.UserName, Libc.EffectiveUser(), Libc.EffectiveGroup(), IsSwitched: false);
        if (await FindAsync(ct) is { } found) return found;

        // Two suites may start at the same moment: useradd then refuses one of them, whose second look finds the user.
        var added = await RunAsync("useradd", ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SystemName], ct);
        return await FindAsync(ct) ?? throw new StartProblemException($"Cannot make the system user {SystemName} ({added.LastLine}): make it with useradd --system {SystemName}.");
    }

    /// <summary>Makes a folder that only this user may enter.</summary>
    public void OwnFolder(string path)
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (!Directory.Exists(path)) Directory.CreateDirectory(path, mode);
        if (IsSwitched) Libc.Chown(path, Uid, Gid);
    }

    /// <summary>Writes a file that only this user may read.</summary>
    public void OwnFile(string path, string text)
    {
        Home.WritePrivate(path, text);
        if (IsSwitched) Libc.Chown(path, Uid, Gid);
    }

    /// <summary>The servers' data lie under the home, so this user must be able to pass through every folder above.</summary>
    public async Task RequireAccessAsync(string folder, CancellationToken ct)
    {
        if (!IsSwitched) return;
        var launch = new Launch("test", ["-x", folder], ToolEnvironment, "/", this);
        if ((await Tool.RunAsync(launch, input: null, TimeSpan.FromSeconds(10), ct)).ExitCode != 0)
            throw new StartProblemException($"The user {Name}, which runs the servers, cannot enter {folder}: choose a HYPERBDR_HOME whose parent folders are open (chmod o+x), or none for /var/lib/hyperbdr.");
    }

    private static async Task<ServerUser?> FindAsync(CancellationToken ct)
    {
        // hyperbdr:x:998:997::/nonexistent:/usr/sbin/nologin
        var entry = (await RunAsync("getent", ["passwd", SystemName], ct)).Output.Split(':');
        return entry.Length < 4 ? null : new(SystemName, uint.Parse(entry[2], CultureInfo.InvariantCulture), uint.Parse(entry[3], CultureInfo.InvariantCulture), IsSwitched: true);
    }

    private static Task<Tool.Result> RunAsync(string file, string[] arguments, CancellationToken ct) =>
        Tool.RunAsync(new Launch(file, arguments, ToolEnvironment, "/"), input: null, TimeSpan.FromSeconds(30), ct);
}
