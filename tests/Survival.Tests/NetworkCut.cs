using System.Globalization;
using System.Text.Json.Nodes;
using HyperBdr.Demo.Api;
using HyperBdr.SurvivalTests.Site;
using Shouldly;
using Xunit;

namespace HyperBdr.SurvivalTests;

/// <summary>The cable of the protected machine is pulled in the middle of a transfer and put back: two minutes with <c>LONG=1</c>, less in every build.</summary>
[Collection(SiteCollection.Name)]
public sealed class NetworkCut(ProtectedSite site, ITestOutputHelper output)
{
    private const int Bytes = 24 << 20;
    private const int RateMbps = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Cut = ProtectedSite.IsLong ? TimeSpan.FromSeconds(120) : TimeSpan.FromSeconds(25);

    [Fact]
    public async Task A_sync_goes_on_where_it_was_and_sends_nothing_twice()
    {
        site.Writer.Paused = true;
        // Whatever came before: from here on only what the bursts change is read and sent.
        (await site.Operator.EndedAsync(await site.Operator.SyncAsync(), Limit)).Text("status").ShouldBe("done");
        var (_, uncut, _) = await SyncAsync(_ => Task.CompletedTask);
        var said = new List<string>();
        var (task, sent, begins) = await SyncAsync(async id =>
        {
            await site.Network.CutAsync();
            try
            {
                await Patience.UntilAsync("the task says that the host is silent", Cut + TimeSpan.FromSeconds(15), async () =>
                {
                    var now = await site.Operator.TaskAsync(id);
                    now.Text("status").ShouldBe("working");
                    said.Add(Transfer(now)["message"]?.ToString() ?? "");
                    return said[^1].Contains("host is offline", StringComparison.Ordinal) || said[^1].Contains("Nothing was heard", StringComparison.Ordinal);
                });
                if (ProtectedSite.IsLong) await Task.Delay(Cut, TimeProvider.System);
            }
            finally
            {
                await site.Network.MendAsync();
            }
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"on the wire: {uncut} bytes without, {sent} with a cut of {Cut.TotalSeconds} s; the task said: {said[^1]}"));
        sent.ShouldBeLessThan(uncut * 11 / 10);
        begins.ShouldBe(1);
        Transfer(task)["attempts"]!.GetValue<int>().ShouldBe(1);
        var point = (await site.Operator.PointsAsync()).MaxBy(p => p.Time("taken_at"))!;
        (await site.Recovery.FaultAsync(point)).ShouldBeNull();
        site.Writer.Paused = false;
    }

    /// <returns>The ended task, the bytes that the machine put on the wire meanwhile, and how often it began.</returns>
    private async Task<(JsonNode Task, long Sent, int Begins)> SyncAsync(Func<string, Task> meanwhile)
    {
        site.Writer.Burst(Bytes, Random.Shared.Next());
        var before = site.Network.Sent;
        var id = await site.Operator.SyncAsync(mbps: RateMbps);
        await Patience.UntilAsync("a third is sent", Limit, () => Task.FromResult(site.Network.Sent - before > Bytes / 3));
        await meanwhile(id);
        var task = await site.Operator.EndedAsync(id, Limit);
        task.Text("status").ShouldBe("done", $"{task.ToJsonString()}\n{site.Agent.Tail()}");
        return (task, site.Network.Sent - before, site.Agent.Begins(id));
    }

    private static JsonNode Transfer(JsonNode task) => task["steps"]!.AsArray().Single(s => s!.Text("name") == "transfer")!;
}
