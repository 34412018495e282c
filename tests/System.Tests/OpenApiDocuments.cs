using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Fixtures.Suite;
using Shouldly;
using Xunit;

namespace HyperBdr.SystemTests;

/// <summary>The documents in the repository, from which the web client's types are made, are what the services say.</summary>
[Collection(SuiteCollection.Name)]
public sealed class OpenApiDocuments(RunningSuite suite)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("identity", 18900)]
    [InlineData("porter", 18766)]
    [InlineData("storplus", 18765)]
    [InlineData("ant", 10082)]
    [InlineData("owl", 16700)]
    [InlineData("report", 18790)]
    public async Task A_document_in_the_repository_is_what_the_service_says(string service, int port)
    {
        using var http = new HttpClient();
        var says = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{suite.PortOf(port)}/openapi/v1.json")))!.ToJsonString(Indented) + "\n";
        var file = Path.Combine(suite.Root, "contracts", "openapi", $"{service}.json");
        if (Environment.GetEnvironmentVariable("HYPERBDR_UPDATE_GOLDEN") == "1") await File.WriteAllTextAsync(file, says);

        says.ShouldBe(await File.ReadAllTextAsync(file), "If the change is meant: HYPERBDR_UPDATE_GOLDEN=1 ./test System");
    }
}
