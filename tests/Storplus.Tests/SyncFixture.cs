using Grpc.Net.Client;
using HyperBdr.Fixtures;
using HyperBdr.S3Testing;
using Npgsql;
using Xunit;

namespace HyperBdr.Storplus.Tests;

/// <summary>A running storplus with an S3 store, a sync gateway and a registry of machines beside it, and a log of its events.</summary>
public sealed class SyncFixture(BackingServersFixture servers) : StorplusFixture(servers), IAsyncLifetime
{
    private GrpcChannel? channel;

    public S3Server S3 { get; private set; } = null!;

    /// <summary>The S3 endpoint of the sync gateway: TLS, and scoped keys.</summary>
    public GatewayEndpoint Gateway { get; private set; } = null!;

    public FakePorter Porter { get; private set; } = null!;

    public GrpcChannel Channel => channel ??= GrpcChannel.ForAddress(Service.Grpc);

    public new async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await using var data = NpgsqlDataSource.Create(Connection);
        await using var command = data.CreateCommand("""
            create table seen_events (type text, payload jsonb);
            create function see_event() returns trigger language plpgsql as $$ begin insert into seen_events values (new.type, new.payload); return new; end $$;
            create trigger see_event after insert on outbox for each row execute function see_event();
            """);
        await command.ExecuteNonQueryAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        channel?.Dispose();
        await base.DisposeAsync();
        await S3.DisposeAsync();
        await Gateway.DisposeAsync();
        await Porter.DisposeAsync();
    }

    /// <summary>Events of a tenant, as text.</summary>
    public async Task<List<string>> EventsAsync(Guid tenant, string type)
    {
        await using var data = NpgsqlDataSource.Create(Connection);
        await using var command = data.CreateCommand("select payload::text from seen_events where type = $1 and payload->>'tenant_id' = $2");
        command.Parameters.AddWithValue(type);
        command.Parameters.AddWithValue(tenant.ToString());
        await using var rows = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await rows.ReadAsync()) found.Add(rows.GetString(0));
        return found;
    }

    protected override async Task<Dictionary<string, string>> SettingsAsync()
    {
        S3 = await S3Server.StartAsync(null, new S3ServerOptions());
        Gateway = await GatewayEndpoint.StartAsync();
        Porter = await FakePorter.StartAsync(Gateway);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Outbound__Allowed__0"] = "127.0.0.0/8",
            ["Outbound__Ports__0"] = $"{S3.Endpoint.Port}",
            ["Services__porter__grpc__0"] = Porter.Address.AbsoluteUri,
            ["Storplus__Maintenance__LookEach"] = "00:00:00.200",
            ["Storplus__Maintenance__HousekeepingEach"] = "00:00:01",
            ["Storplus__Maintenance__CollectMinimumAge"] = "00:00:00",
            ["Storplus__Maintenance__Lease"] = "00:00:03",
        };
    }
}
