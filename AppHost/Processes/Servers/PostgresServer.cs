using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>A database and the role that owns it and nothing else.</summary>
internal sealed record Database(string Name, string Role, string Password);

/// <summary>A private PostgreSQL on loopback, its data under <c>data/postgres</c>.</summary>
/// <remarks>Every service has its own role, so that no service can read another's tables even by mistake.</remarks>
internal sealed class PostgresServer(Home home, ServerUser user, int port, IReadOnlyList<Database> databases, bool durable = true) : IServer
{
    public const string SuperUser = "postgres";
    private readonly string _data = Path.Combine(home.Data, "postgres");
    private string _programs = "";

    public string Name => "postgres";
    public string Command => "postgres";
    public IReadOnlyList<int> Ports => [port];
    public bool IsPublic => false;
    public IReadOnlyList<Need> Needs => [];
    public bool HasCheck => true;

    /// <summary>SIGINT is the fast shutdown: sessions are ended, data are written. SIGTERM would wait for every client.</summary>
    public Signal StopSignal => Signal.Interrupt;
    public TimeSpan StopLimit => TimeSpan.FromSeconds(12);

    public string Password => home.Secret("postgres");

    public async Task PrepareAsync(CancellationToken ct)
    {
        _programs = ProgramsFor(_data);
        if (File.Exists(Path.Combine(_data, "PG_VERSION"))) return;

        // Made aside and renamed: a crash in the middle must not leave a folder that looks like a database.
        var aside = _data + ".new";
        var passwordFile = _data + ".password";
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        user.OwnFolder(aside);
        user.OwnFile(passwordFile, Password);
        var initdb = await RunAsync("initdb", ["-D", aside, "-U", SuperUser, "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--pwfile", passwordFile, .. durable ? Array.Empty<string>() : ["--no-sync"]], input: null, ct);
        File.Delete(passwordFile);
        if (initdb.ExitCode != 0) throw new StartProblemException($"PostgreSQL cannot make its data folder {aside}: {initdb.LastLine}");
        Directory.Move(aside, _data);
    }

    public Launch CreateLaunch() => new(Path.Combine(_programs, "postgres"),
    [
        "-D", _data, "-p", port.ToString(CultureInfo.InvariantCulture),
        "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=.",
        "-c", "logging_collector=off", "-c", "log_destination=stderr", "-c", "log_line_prefix=%m [%p] %q%u@%d ",
        "-c", "max_connections=300", "-c", "password_encryption=scram-sha-256", "-c", durable ? "fsync=on" : "fsync=off",
    ], ToolEnvironment(), home.Data, user, Signal.Interrupt);

    /// <summary>What pg_isready asks: a start-up message, answered by 'R' (authenticate) once connections are accepted.</summary>
    public async Task<Check> CheckAsync(CancellationToken ct)
    {
        var body = Encoding.ASCII.GetBytes($"user\0{SuperUser}\0database\0postgres\0\0");
        var question = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(question, question.Length);
        BinaryPrimitives.WriteInt32BigEndian(question.AsSpan(4), 3 << 16);
        body.CopyTo(question, 8);

        var answer = await LoopbackProbe.AskAsync(port, question, ct);
        return answer.IsEmpty ? Check.Silent("does not accept connections")
            : answer.Span[0] == (byte)'R' ? Check.Passed : Check.Refused("is starting or recovering");
    }

    /// <summary>Makes the databases and roles that are missing.</summary>
    public async Task CompleteStartAsync(CancellationToken ct)
    {
        if (databases.Count == 0) return;
        // A failed statement is logged with its text unless told otherwise, and the text holds the password.
        var script = new StringBuilder("SET log_min_error_statement = panic;\n");
        foreach (var one in databases)
        {
            script.AppendLine($"SELECT 'CREATE ROLE \"{one.Role}\" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{one.Role}') \\gexec");
            script.AppendLine($"ALTER ROLE \"{one.Role}\" PASSWORD '{one.Password}';");
            script.AppendLine($"SELECT 'CREATE DATABASE \"{one.Name}\" OWNER \"{one.Role}\"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{one.Name}') \\gexec");
            script.AppendLine($"REVOKE CONNECT ON DATABASE \"{one.Name}\" FROM PUBLIC;");
        }
        var result = await RunAsync("psql", ["-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-U", SuperUser, "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1"], script.ToString(), ct);
        if (result.ExitCode != 0)
            throw new StartProblemException($"PostgreSQL does not make the databases: {result.LastLine} (when the secrets folder was lost, restore it from the backup)");
    }

    public string ConnectionString(string database, string role, string password) =>
        $"Host=127.0.0.1;Port={port};Database={database};Username={role};Password={password}";

    private Task<Tool.Result> RunAsync(string program, string[] arguments, string? input, CancellationToken ct)
    {
        var environment = ToolEnvironment();
        environment["PGPASSWORD"] = Password;
        return Tool.RunAsync(new Launch(Path.Combine(_programs, program), arguments, environment, home.Data, user), input, TimeSpan.FromSeconds(60), ct);
    }

    private Dictionary<string, string> ToolEnvironment() =>
        new() { ["PATH"] = $"{_programs}:/usr/bin:/bin", ["HOME"] = home.Data, ["LC_ALL"] = "C.UTF-8", ["TZ"] = "UTC" };

    /// <summary>Newest installed version for new data; exactly their version for existing data.</summary>
    private static string ProgramsFor(string data)
    {
        var versionFile = Path.Combine(data, "PG_VERSION");
        var installed = InstalledPrograms();
        if (!File.Exists(versionFile))
            return installed.Count > 0 ? installed[0] : throw new StartProblemException("PostgreSQL is not installed: apt-get install postgresql");

        var version = File.ReadAllText(versionFile).Trim();
        return installed.FirstOrDefault(path => path == $"/usr/lib/postgresql/{version}/bin")
            ?? throw new StartProblemException($"The data in {data} are of PostgreSQL {version}, which is not installed: apt-get install postgresql-{version}");
    }

    public static IReadOnlyList<string> InstalledPrograms() =>
        !Directory.Exists("/usr/lib/postgresql") ? [] :
        [
            .. Directory.EnumerateDirectories("/usr/lib/postgresql")
                .Select(folder => Path.Combine(folder, "bin"))
                .Where(folder => File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "psql")))
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(Path.GetDirectoryName(folder)), CultureInfo.InvariantCulture, out var version) ? version : 0),
        ];
}
