using System.Text.Json.Nodes;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures.Suite;

namespace HyperBdr.SystemTests;

/// <summary>A tenant with its administrator and a user of every role, each with an access key.</summary>
public sealed class Company : IDisposable
{
    private const string InitialPassword = "Start-1nitial-Pass";

    private Company(Person administrator) => Administrator = administrator;

    public Person Administrator { get; }

    public Dictionary<string, SigningClient> Keys { get; } = new(StringComparer.Ordinal);

    public static async Task<Company> CreateAsync(RunningSuite suite, string name)
    {
        var admin = $"{name}.admin";
        await suite.Administrator.OkAsync(HttpMethod.Post, "/api/v1/identity/tenants", new { name, scene = "all", admin = new { username = admin, password = InitialPassword } });
        var company = new Company(await Person.FirstSignInAsync(suite, "console", admin, InitialPassword));
        company.Keys[Roles.TenantAdmin] = await company.Administrator.AccessKeyAsync(suite);
        foreach (var role in Roles.OfTenant.Except([Roles.TenantAdmin]))
        {
            var user = await company.Administrator.OkAsync(HttpMethod.Post, "/api/v1/identity/users", new { username = $"{name}.{role}", password = InitialPassword, role });
            company.Keys[role] = await company.Administrator.AccessKeyAsync(suite, user["id"]!.GetValue<string>());
        }

        return company;
    }

    public void Dispose()
    {
        Administrator.Dispose();
        foreach (var key in Keys.Values) key.Dispose();
    }

    /// <summary>All rows of a list, page by page.</summary>
    public static async Task<List<JsonNode>> AllAsync(SigningClient client, string path)
    {
        var rows = new List<JsonNode>();
        for (var page = 1; ; page++)
        {
            var answer = await client.OkAsync(HttpMethod.Get, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}page={page}&page_size=500");
            var items = answer["items"]!.AsArray();
            rows.AddRange(items.Select(i => i!.DeepClone()));
            if (items.Count == 0 || rows.Count >= answer["total"]!.GetValue<int>()) return rows;
        }
    }
}
