using HyperBdr.Engine.IO;

namespace HyperBdr.Watchman;

/// <summary>Paths of one installation; everything lies below its folder.</summary>
internal sealed record GatewayHome(string Path)
{
    public string Program => At("s3block");

    public string Configuration => At("config", "s3block_config.ini");

    public string InstallKey => At("certs", "install.key");

    public string Certificates => At("certs");

    public string Journal => At("confmgmt", "commands");

    public string StorageKeys => At("confmgmt", "keys");

    public string Logs => At("logs");

    /// <summary>Output of s3block as it comes, until it stands in the log of its day.</summary>
    public string DataOutput => At("logs", "s3block.out");

    public string DataProcess => At("run", "s3block.pid");

    public string OwnProcess => At("run", "watchman.pid");

    /// <summary>Held by the one watchman of this folder.</summary>
    public string OwnLock => At("run", "watchman.lock");

    public string Run => At("run");

    public void Make()
    {
        Directory.CreateDirectory(Path);
        foreach (var folder in (string[])["config", "certs", "confmgmt", "logs", "run", "diskdir", "dr"]) DurableFiles.MakeFolder(At(folder));
        DurableFiles.MakeFolder(StorageKeys);
    }

    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);
}
