using System.Globalization;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.Data.Sqlite;

namespace HyperBdr.LinuxAgent.State;

/// <summary>agent-sync.db: what the local command line shows of disks and syncs. A cache: deleting it loses nothing that a sync needs. Thread-safe.</summary>
internal sealed class StateCache : IDisposable
{
    private const int KeptSyncs = 1000;
    private const string Tables = """
        create table if not exists syncs (command_id text primary key, state text not null, point_id text, began_at text not null, ended_at text) strict;
        create table if not exists disks (id text primary key, device text not null, length integer not null, state text not null, point_id text, at text not null) strict;
        """;
    private const int Corrupt = 11;
    private const int NoDatabase = 26;
    private const int OtherTables = 1;
    private readonly string path;
    private readonly TimeProvider time;
    private readonly Action<string> log;
    private readonly Lock gate = new();
    private SqliteConnection db;

    private StateCache(string path, TimeProvider time, Action<string> log)
    {
        (this.path, this.time, this.log) = (path, time, log);
        db = OpenOrMake();
    }

    /// <summary>Opens the file; one that is damaged is made anew.</summary>
    /// <param name="log">Takes a line for what is done with the file and what fails.</param>
    public static StateCache Open(string path, TimeProvider time, Action<string> log)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new StateCache(path, time, log);
    }

    public void SyncBegan(string commandId, IReadOnlyList<Disk> disks) => Write("sync began " + commandId, () =>
    {
        Run("insert into syncs (command_id, state, began_at) values ($id, 'syncing', $at) on conflict (command_id) do update set state = 'syncing', ended_at = null", ("$id", commandId), ("$at", Now()));
        Run($"delete from syncs where command_id not in (select command_id from syncs order by began_at desc limit {KeptSyncs})");
        foreach (var disk in disks) PutDisk(disk, "syncing", null);
    });

    /// <param name="disks">Those of the sync when it made a point; empty when it did not.</param>
    public void SyncEnded(string commandId, IReadOnlyList<Disk> disks, string state, string? pointId) => Write("sync ended " + commandId, () =>
    {
        Run("update syncs set state = $state, point_id = $point, ended_at = $at where command_id = $id", ("$id", commandId), ("$state", state), ("$point", pointId), ("$at", Now()));
        foreach (var disk in disks) PutDisk(disk, "synced", pointId);
        if (pointId is null) Run("update disks set state = case when point_id is null then 'failed' else 'synced, last failed' end where state = 'syncing'");
    });

    /// <summary>States of disks by their ids.</summary>
    public IReadOnlyDictionary<string, string> DiskStates()
    {
        var states = new Dictionary<string, string>(StringComparer.Ordinal);
        lock (gate)
        {
            try
            {
                using var command = db.CreateCommand();
                command.CommandText = "select id, state from disks";
                using var rows = command.ExecuteReader();
                while (rows.Read()) states[rows.GetString(0)] = rows.GetString(1);
            }
            catch (SqliteException e)
            {
                log($"disk states cannot be read: {e.Message}");
            }
        }

        return states;
    }

    public void Dispose() => db.Dispose();

    private SqliteConnection OpenOrMake()
    {
        try
        {
            return OpenDatabase(path);
        }
        catch (SqliteException e)
        {
            return MakeAnew(e.Message);
        }
    }

    private SqliteConnection MakeAnew(string why)
    {
        log($"{path} cannot be used and is made anew: {why}");
        try
        {
            foreach (var file in (string[])[path, path + "-wal", path + "-shm"]) File.Delete(file);
            return OpenDatabase(path);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            // The command line then knows of this run alone.
            log($"{path} cannot be made: {e.Message}");
            return OpenDatabase(":memory:");
        }
    }

    private static SqliteConnection OpenDatabase(string path)
    {
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            opened.Open();
            using var command = opened.CreateCommand();
            command.CommandText = "pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000;" + Tables;
            command.ExecuteNonQuery();
            command.CommandText = "pragma quick_check(1)";
            // What it tells on a damaged file is not for programs; 11 is SQLite's number for it.
            return command.ExecuteScalar() as string is "ok" ? opened : throw new SqliteException("the file is damaged", Corrupt);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private void PutDisk(Disk disk, string state, string? pointId) =>
        Run("insert into disks (id, device, length, state, point_id, at) values ($id, $device, $length, $state, $point, $at) on conflict (id) do update set device = $device, length = $length, state = $state, point_id = coalesce($point, point_id), at = $at",
            ("$id", disk.Id), ("$device", disk.Device), ("$length", disk.LengthBytes), ("$state", state), ("$point", pointId), ("$at", Now()));

    // A cache that cannot be written must not end a sync.
    private void Write(string what, Action work)
    {
        lock (gate)
        {
            try
            {
                using var all = db.BeginTransaction();
                work();
                all.Commit();
                log(what);
            }
            catch (SqliteException e)
            {
                log($"{what} could not be noted: {e.Message}");
                if (e.SqliteErrorCode is not (Corrupt or NoDatabase or OtherTables)) return;
                db.Dispose();
                db = MakeAnew(e.Message);
            }
        }
    }

    private void Run(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = db.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        command.ExecuteNonQuery();
    }

    private string Now() => time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
}
