using System.Globalization;
using HyperBdr.Contracts.Control;
using Npgsql;

namespace HyperBdr.Bench.Link;

/// <summary>What porter's database says of itself; read as porter, from whose environment the address is.</summary>
internal sealed class PorterDatabase : IAsyncDisposable
{
    private const string Variable = "ConnectionStrings__porterdb=";
    private readonly NpgsqlDataSource source;

    private PorterDatabase(NpgsqlDataSource source) => this.source = source;

    public static async Task<PorterDatabase> OpenAsync(ControlClient control)
    {
        var status = await control.StatusAsync(CancellationToken.None) ?? throw new InvalidOperationException("The suite does not answer.");
        var id = status.Services.Single(s => s.Name == "porter").ProcessId!.Value;
        var environment = (await File.ReadAllTextAsync(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/environ"))).Split('\0');
        return new PorterDatabase(NpgsqlDataSource.Create(environment.Single(e => e.StartsWith(Variable, StringComparison.Ordinal))[Variable.Length..]));
    }

    public Task<long> CommitsAsync() => LongAsync("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()", null);

    /// <summary>Events that still wait for the broker.</summary>
    public Task<long> UnsentAsync() => LongAsync("SELECT count(*) FROM outbox", null);

    /// <summary>Active machines that were seen after this moment.</summary>
    public Task<long> SeenSinceAsync(DateTimeOffset at) =>
        LongAsync("SELECT count(*) FROM machines m JOIN presences p ON p.machine_id = m.id WHERE m.availability = 'Active' AND p.last_seen_at > @at", at);

    /// <summary>Age of the oldest last sign of life of an active machine, as the console shows it.</summary>
    public Task<long> OldestSeenMillisecondsAsync() =>
        LongAsync("SELECT (extract(epoch FROM clock_timestamp() - min(p.last_seen_at)) * 1000)::bigint FROM machines m JOIN presences p ON p.machine_id = m.id WHERE m.availability = 'Active'", null);

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private async Task<long> LongAsync(string text, DateTimeOffset? at)
    {
        await using var command = source.CreateCommand(text);
        if (at is { } value) command.Parameters.AddWithValue("at", value.UtcDateTime);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
