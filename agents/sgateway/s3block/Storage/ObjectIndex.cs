using Microsoft.Data.Sqlite;

namespace HyperBdr.S3Block.Storage;

/// <summary>Which keys there are, in order: for listings only, made anew from the files whenever it cannot be trusted.</summary>
/// <remarks>
/// A change is noted before it is made and cleared with its outcome, so after a kill only the noted keys are read again. Nothing is synced but
/// the marks of a clean start and end: after a crash of the machine (another boot, no clean end) the whole index is made anew.
/// </remarks>
internal sealed class ObjectIndex : IDisposable
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY CHECK (one = 1), store TEXT NOT NULL, boot TEXT NOT NULL, clean INTEGER NOT NULL, complete INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS version (bucket TEXT NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL, vid TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL,
            marker INTEGER NOT NULL, latest INTEGER NOT NULL, PRIMARY KEY (bucket, key, id DESC)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS pending (bucket TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID;
        """;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly string connectionString;

    private ObjectIndex(string path)
    {
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = true }.ConnectionString;
        connection = new SqliteConnection(connectionString);
        connection.Open();
        Run("PRAGMA journal_mode=WAL");
        Run("PRAGMA synchronous=OFF");
        Run("PRAGMA cache_size=-16384");
        Run(Schema);
    }

    /// <summary>Opens the index; an unreadable one is replaced by an empty one.</summary>
    public static ObjectIndex Open(string path)
    {
        try
        {
            return new ObjectIndex(path);
        }
        catch (SqliteException)
        {
            SqliteConnection.ClearAllPools();
            foreach (var file in (string[])[path, path + "-wal", path + "-shm"]) File.Delete(file);
            return new ObjectIndex(path);
        }
    }

    /// <summary>Whether what stands here is the store's, but for the pending keys.</summary>
    public bool IsTrusted(string store, string boot)
    {
        lock (gate)
        {
            using var read = Command("SELECT 1 FROM state WHERE store = $a AND complete = 1 AND (clean = 1 OR boot = $b)", ("$a", store), ("$b", boot));
            return read.ExecuteScalar() is not null;
        }
    }

    /// <summary>From here on the index counts as used: only this boot trusts it, until it is closed.</summary>
    public void Begin(string store, string boot, bool complete) => Mark(store, boot, false, complete);

    public void End(string store, string boot) => Mark(store, boot, true, true);

    public void Clear()
    {
        lock (gate) Run("DELETE FROM version; DELETE FROM pending; DELETE FROM state;");
    }

    public void Pend(string bucket, byte[] key)
    {
        lock (gate)
        {
            using var write = Command("INSERT OR IGNORE INTO pending VALUES ($a, $b)", ("$a", bucket), ("$b", key));
            write.ExecuteNonQuery();
        }
    }

    public List<(string Bucket, byte[] Key)> Pending()
    {
        lock (gate)
        {
            using var read = Command("SELECT bucket, key FROM pending");
            using var rows = read.ExecuteReader();
            var pending = new List<(string, byte[])>();
            while (rows.Read()) pending.Add((rows.GetString(0), rows.GetFieldValue<byte[]>(1)));
            return pending;
        }
    }

    /// <summary>All versions of a key as they are now, newest first in time; the current one leads.</summary>
    public void Set(string bucket, byte[] key, IReadOnlyList<Entry> versions)
    {
        lock (gate)
        {
            using var all = connection.BeginTransaction();
            using (var delete = Command("DELETE FROM version WHERE bucket = $a AND key = $b", ("$a", bucket), ("$b", key))) delete.ExecuteNonQuery();
            for (var i = 0; i < versions.Count; i++) Insert(bucket, key, versions[i], i == 0);
            using (var done = Command("DELETE FROM pending WHERE bucket = $a AND key = $b", ("$a", bucket), ("$b", key))) done.ExecuteNonQuery();
            all.Commit();
        }
    }

    /// <summary>One more version, which is the current one now, in place of those that are gone.</summary>
    public void Add(string bucket, byte[] key, Entry entry, IEnumerable<string> gone)
    {
        lock (gate)
        {
            using var all = connection.BeginTransaction();
            using (var older = Command("UPDATE version SET latest = 0 WHERE bucket = $a AND key = $b AND latest = 1", ("$a", bucket), ("$b", key))) older.ExecuteNonQuery();
            foreach (var id in gone)
            {
                using var delete = Command("DELETE FROM version WHERE bucket = $a AND key = $b AND id = $c", ("$a", bucket), ("$b", key), ("$c", id));
                delete.ExecuteNonQuery();
            }

            Insert(bucket, key, entry, true);
            using (var done = Command("DELETE FROM pending WHERE bucket = $a AND key = $b", ("$a", bucket), ("$b", key))) done.ExecuteNonQuery();
            all.Commit();
        }
    }

    /// <summary>Many keys in one transaction, while the index is made anew.</summary>
    public void Fill(IEnumerable<(string Bucket, byte[] Key, IReadOnlyList<Entry> Versions)> keys)
    {
        lock (gate)
        {
            using var all = connection.BeginTransaction();
            foreach (var (bucket, key, versions) in keys)
            {
                for (var i = 0; i < versions.Count; i++) Insert(bucket, key, versions[i], i == 0);
            }

            all.Commit();
        }
    }

    public void Forget(string bucket)
    {
        lock (gate)
        {
            using var delete = Command("DELETE FROM version WHERE bucket = $a", ("$a", bucket));
            delete.ExecuteNonQuery();
        }
    }

    public string? HighestId()
    {
        lock (gate)
        {
            using var read = Command("SELECT MAX(id) FROM version");
            return read.ExecuteScalar() as string;
        }
    }

    /// <summary>Rows in the order of their keys' UTF-8 bytes and then newest first, as they stand when the reader begins.</summary>
    /// <param name="currentOnly">Without older versions and delete markers.</param>
    public IndexReader Read(string bucket, bool currentOnly) => new(connectionString, bucket, currentOnly);

    public void Dispose()
    {
        connection.Dispose();
        SqliteConnection.ClearAllPools();
    }

    private void Mark(string store, string boot, bool clean, bool complete)
    {
        lock (gate)
        {
            Run("PRAGMA synchronous=FULL");
            using (var write = Command("INSERT OR REPLACE INTO state VALUES (1, $a, $b, $c, $d)", ("$a", store), ("$b", boot), ("$c", clean ? 1 : 0), ("$d", complete ? 1 : 0))) write.ExecuteNonQuery();
            Run("PRAGMA wal_checkpoint(TRUNCATE)");
            Run("PRAGMA synchronous=OFF");
        }
    }

    private void Insert(string bucket, byte[] key, Entry entry, bool latest)
    {
        using var insert = Command("INSERT OR REPLACE INTO version VALUES ($a, $b, $c, $d, $e, $f, $g, $h, $i)", ("$a", bucket), ("$b", key), ("$c", entry.Id), ("$d", entry.VersionId),
            ("$e", entry.Length), ("$f", entry.ETag), ("$g", entry.ModifiedAt), ("$h", entry.Marker ? 1 : 0), ("$i", latest ? 1 : 0));
        insert.ExecuteNonQuery();
    }

    private void Run(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text here is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
