using HyperBdr.AppHost.Processes.Servers;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Packages;

/// <summary>PostgreSQL, RabbitMQ and Redis of the distribution, installed when missing.</summary>
internal static class DebianPackages
{
    private const string PolicyFile = "/usr/sbin/policy-rc.d";
    private const string ClusterDefaults = "/etc/postgresql-common/createcluster.conf";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<string> Missing(IReadOnlyList<Resource> resources)
    {
        var missing = new List<string>();
        if (resources.OfType<PostgresServerResource>().Any() && PostgresServer.InstalledPrograms().Count == 0) missing.Add("postgresql");
        if (resources.OfType<RabbitMQServerResource>().Any() && !(File.Exists(Path.Combine(RabbitServer.Programs, "rabbitmq-server")) && File.Exists(EpmdServer.Program))) missing.Add("rabbitmq-server");
        if (resources.OfType<RedisResource>().Any() && !File.Exists(RedisServer.Program)) missing.Add("redis-server");
        return missing;
    }

    /// <exception cref="StartProblemException">Something is missing and cannot be installed from here.</exception>
    public static async Task EnsureAsync(IReadOnlyList<Resource> resources, TextWriter output, CancellationToken ct)
    {
        var missing = Missing(resources);
        if (missing.Count == 0) return;
        if (!Libc.IsRoot) throw new StartProblemException($"Not installed: {string.Join(", ", missing)}. Install with: sudo apt-get install {string.Join(' ', missing)}");
        if (!File.Exists("/usr/bin/apt-get")) throw new StartProblemException($"Not installed: {string.Join(", ", missing)}, and there is no apt-get here: install PostgreSQL, RabbitMQ and Redis at Debian's paths, or use a machine with a container engine.");

        await output.WriteLineAsync($"Installing {string.Join(", ", missing)} from the distribution ...");
        // The packages would start services and a database of their own on the standard ports: nothing but ours shall run.
        var ownPolicy = !File.Exists(PolicyFile);
        if (ownPolicy) await File.WriteAllTextAsync(PolicyFile, "#!/bin/sh\nexit 101\n", ct);
        try
        {
            if (ownPolicy) File.SetUnixFileMode(PolicyFile, (UnixFileMode)0b111_101_101);
            await AptAsync(["update"], ct);
            var defaults = missing.Contains("postgresql") ? await WithoutClusterAsync(ct) : null;
            await AptAsync(["install", "--yes", "--no-install-recommends", .. missing], ct);
            if (defaults is not null) await File.WriteAllTextAsync(ClusterDefaults, defaults, ct);
        }
        finally
        {
            if (ownPolicy) File.Delete(PolicyFile);
        }
        if (Missing(resources) is { Count: > 0 } still) throw new StartProblemException($"apt-get installed {string.Join(", ", still)}, but the programs are not where Debian puts them.");
    }

    /// <summary>postgresql-common first, and in its defaults no "main" cluster, before PostgreSQL itself.</summary>
    /// <returns>The defaults as they were, to be put back.</returns>
    private static async Task<string?> WithoutClusterAsync(CancellationToken ct)
    {
        await AptAsync(["install", "--yes", "--no-install-recommends", "postgresql-common"], ct);
        if (!File.Exists(ClusterDefaults)) return null;
        var text = await File.ReadAllTextAsync(ClusterDefaults, ct);
        await File.WriteAllTextAsync(ClusterDefaults, text.Replace("#create_main_cluster = true", "create_main_cluster = false", StringComparison.Ordinal), ct);
        return text;
    }

    private static async Task AptAsync(string[] arguments, CancellationToken ct)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = "/root",
            ["LC_ALL"] = "C.UTF-8",
            ["DEBIAN_FRONTEND"] = "noninteractive",
        };
        // A machine behind a proxy names it in the environment.
        foreach (var name in (string[])["http_proxy", "https_proxy", "no_proxy"])
            if (Environment.GetEnvironmentVariable(name) is { } value) environment[name] = value;
        var result = await Tool.RunAsync(new Launch("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold", .. arguments], environment, "/"), input: null, Limit, ct);
        if (result.ExitCode != 0) throw new StartProblemException($"apt-get {string.Join(' ', arguments)} failed ({result.LastLine}): run it by hand and see what it says.");
    }
}
