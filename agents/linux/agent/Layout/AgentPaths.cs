namespace HyperBdr.LinuxAgent.Layout;

/// <summary>Where the agent's files lie, all below one prefix so that an agent can run without touching its machine.</summary>
/// <param name="Home">Empty on a real machine.</param>
internal sealed record AgentPaths(string Home)
{
    public const string Default = "/var/lib/egisplus-agent";

    public string Folder => In(Default);

    public string Config => Path.Combine(Folder, "config.ini");

    public string HardwareSerial => Path.Combine(Folder, "hw_serial");

    public string DiskUuidMap => Path.Combine(Folder, "disk_uuid_map");

    public string ProtectType => Path.Combine(Folder, "protect_type");

    public string Registered => Path.Combine(Folder, "registered");

    public string Identity => Path.Combine(Folder, "identity");

    public string Commands => Path.Combine(Folder, "commands");

    public string ReadRate => Path.Combine(Folder, "read_rate");

    public string PublicKey => Path.Combine(Folder, "public_key");

    public string FstabCopy => Path.Combine(Folder, "fstab.bak");

    public string Settings => Path.Combine(Folder, "console_settings");

    public string ControlKey => Path.Combine(Folder, "control_key");

    public string Tracking => Path.Combine(Folder, "tracking");

    public string Spool => Path.Combine(Folder, "spool");

    /// <summary>The only place that pre- and post-scripts are run from.</summary>
    public string Scripts => Path.Combine(Folder, "scripts");

    public string Sysconfig => In("/etc/sysconfig/egisplus-agent");

    /// <summary>An absolute path of the configuration, below the prefix.</summary>
    public string In(string path) => Home.Length == 0 ? path : Path.Join(Home, path);

    /// <summary>The folders that hold secrets or what may be run are the owner's alone.</summary>
    public void Create()
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var folder in (string[])[Folder, Tracking, Spool, Scripts]) Directory.CreateDirectory(folder, owner);
    }
}
