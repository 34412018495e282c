using System.Text;
using Microsoft.Data.Sqlite;

namespace HyperBdr.S3Block.Storage;

/// <summary>A row of the index.</summary>
internal readonly record struct IndexRow(string Key, string Id, string VersionId, long Length, string ETag, DateTimeOffset Modified, bool Marker, bool Latest);

/// <summary>Reads one bucket's rows forward, and may leap ahead.</summary>
internal sealed class IndexReader : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly string bucket;
    private readonly bool currentOnly;
    private SqliteCommand? command;
    private SqliteDataReader? rows;

    public IndexReader(string connectionString, string bucket, bool currentOnly)
    {
        (this.bucket, this.currentOnly) = (bucket, currentOnly);
        connection = new SqliteConnection(connectionString);
        connection.Open();
    }

    /// <summary>Goes on at this key, the key included.</summary>
    public void SeekTo(byte[] key) => Seek("key >= $k", key, null);

    /// <summary>Goes on behind this key, or behind this version of it.</summary>
    public void SeekBehind(byte[] key, string? id) => Seek(id is null ? "key > $k" : "(key > $k OR (key = $k AND id < $i))", key, id);

    public IndexRow? Next()
    {
        if (!rows!.Read()) return null;
        return new IndexRow(Encoding.UTF8.GetString(rows.GetFieldValue<byte[]>(0)), rows.GetString(1), rows.GetString(2), rows.GetInt64(3), rows.GetString(4),
            DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(5)), rows.GetInt64(6) != 0, rows.GetInt64(7) != 0);
    }

    public void Dispose()
    {
        rows?.Dispose();
        command?.Dispose();
        connection.Dispose();
    }

    private void Seek(string where, byte[] key, string? id)
    {
        rows?.Dispose();
        command?.Dispose();
        command = connection.CreateCommand();
#pragma warning disable CA2100 // The condition is one of three constants of this file.
        command.CommandText = $"SELECT key, id, vid, size, etag, modified, marker, latest FROM version WHERE bucket = $b AND {where}{(currentOnly ? " AND latest = 1 AND marker = 0" : "")} ORDER BY key, id DESC";
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$b", bucket);
        command.Parameters.AddWithValue("$k", key);
        if (id is not null) command.Parameters.AddWithValue("$i", id);
        rows = command.ExecuteReader();
    }
}
