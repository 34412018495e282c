namespace HyperBdr.Hmctl;

/// <summary>Names of the reference product's processes, accepted for the process of ours that does their work.</summary>
public static class ServiceNames
{
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["ant-api"] = "ant", ["ant-engine"] = "ant", ["ant-period"] = "ant", ["mistral-server"] = "ant",
        ["porter-api"] = "porter", ["porter-migration"] = "porter", ["proxy-api"] = "porter", ["proxy-engine"] = "porter",
        ["proxy-period"] = "porter", ["mass-api"] = "porter", ["unicloud-api"] = "porter", ["unicloud-engine"] = "porter",
        ["storplus-api"] = "storplus", ["storplus-engine"] = "storplus", ["atomy-api"] = "storplus",
        ["atomy-obstor"] = "storplus", ["atomy-s3block"] = "storplus", ["atomy-unicloud"] = "storplus",
        ["owl-api"] = "owl", ["owl-engine"] = "owl", ["owl-period"] = "owl", ["influxdb"] = "owl",
        ["oneway-api"] = "report", ["oneway-engine"] = "report", ["oneway-period"] = "report",
        ["crab-api"] = "identity", ["nezha-api"] = "identity", ["nezha-worker"] = "identity",
        ["newmuse"] = "gateway", ["httpd"] = "gateway",
        ["mysql"] = "postgres",
    };

    /// <summary>Our name for what was typed; <c>production_ant-api_1</c> is understood too.</summary>
    public static string Resolve(string typed)
    {
        var name = typed.StartsWith("production_", StringComparison.Ordinal) && typed.EndsWith("_1", StringComparison.Ordinal)
            ? typed["production_".Length..^"_1".Length] : typed;
        return Aliases.GetValueOrDefault(name, name);
    }
}
