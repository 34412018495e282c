using System.Net.Sockets;
using HyperBdr.Contracts.Control;
using Shouldly;
using Xunit;

namespace HyperBdr.Contracts.Tests;

/// <summary>A suite that ends while somebody asks for its state.</summary>
public sealed class ControlClientTests
{
    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Ty")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"healthy\":")]
    public async Task An_answer_that_breaks_off_is_no_suite(string answer)
    {
        var home = Directory.CreateTempSubdirectory("hyperbdr-control-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "run"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(ControlClient.SocketOf(home)));
        listener.Listen();
        var ending = AnswerAsync(listener, answer);
        using var client = new ControlClient(home);
        (await client.StatusAsync(TestContext.Current.CancellationToken)).ShouldBeNull();
        await ending;
        Directory.Delete(home, recursive: true);
    }

    private static async Task AnswerAsync(Socket listener, string answer)
    {
        using var asked = await listener.AcceptAsync();
        _ = await asked.ReceiveAsync(new byte[4096]);
        await asked.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer));
        // A client that has heard nothing asks once more.
        listener.Close();
        asked.Shutdown(SocketShutdown.Both);
    }
}
