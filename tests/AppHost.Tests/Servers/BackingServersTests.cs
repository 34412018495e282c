using System.Net.Sockets;
using HyperBdr.Fixtures;
using Npgsql;
using Shouldly;
using Xunit;

[assembly: AssemblyFixture(typeof(BackingServersFixture))]

namespace HyperBdr.AppHost.Tests.Servers;

public sealed class BackingServersTests(BackingServersFixture servers)
{
    [Fact]
    public async Task A_fresh_database_accepts_a_table_and_gives_its_row_back()
    {
        await using var connection = new NpgsqlConnection(await servers.NewDatabaseAsync("apphost", CancellationToken.None));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE t (n int); INSERT INTO t VALUES (42); SELECT n FROM t";
        (await command.ExecuteScalarAsync()).ShouldBe(42);
    }

    [Fact]
    public async Task A_wrong_database_password_is_refused_on_loopback_too()
    {
        var wrong = new NpgsqlConnectionStringBuilder(servers.Postgres) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync())).SqlState.ShouldBe("28P01");
    }

    [Fact]
    public async Task Redis_refuses_a_client_without_the_password()
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", int.Parse(servers.Redis.Split(':', ',')[1]));
        await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
        var answer = new byte[64];
        var read = await client.GetStream().ReadAsync(answer);
        System.Text.Encoding.ASCII.GetString(answer, 0, read).ShouldStartWith("-NOAUTH");
    }

    [Fact]
    public async Task A_fresh_virtual_host_has_an_address_of_its_own()
    {
        var address = new Uri(await servers.NewVirtualHostAsync("apphost", CancellationToken.None));
        address.AbsolutePath.ShouldStartWith("/apphost-");
    }
}
