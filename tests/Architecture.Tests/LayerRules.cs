using System.Reflection;
using NetArchTest.Rules;
using Shouldly;
using Xunit;

namespace HyperBdr.Architecture.Tests;

public sealed class LayerRules
{
    private static readonly string[] Services = ["Ant", "Porter", "Storplus", "Owl", "Report", "Identity"];

    public static TheoryData<string> ServiceNames => new(Services);

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void A_service_knows_the_contracts_and_the_defaults_and_no_other_service(string service)
    {
        // Storplus keeps the repositories, so it alone works with the engine.
        string[] engine = service == "Storplus" ? ["HyperBdr.Engine"] : [];
        OwnReferences($"HyperBdr.{service}").ShouldBeSubsetOf(["HyperBdr.Contracts", "HyperBdr.ServiceDefaults", .. engine]);
    }

    [Fact]
    public void The_gateway_knows_no_service()
    {
        OwnReferences("HyperBdr.Gateway").ShouldBeSubsetOf(["HyperBdr.Contracts", "HyperBdr.ServiceDefaults"]);
    }

    [Fact]
    public void The_contracts_know_nothing_of_ours()
    {
        OwnReferences("HyperBdr.Contracts").ShouldBeEmpty();
    }

    [Fact]
    public void The_defaults_know_only_the_contracts()
    {
        OwnReferences("HyperBdr.ServiceDefaults").ShouldBe(["HyperBdr.Contracts"]);
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void The_domain_of_a_service_depends_on_no_feature_and_no_web_framework(string service)
    {
        var result = Types.InAssembly(Assembly.Load($"HyperBdr.{service}"))
            .That().ResideInNamespaceStartingWith($"HyperBdr.{service}.Domain")
            .ShouldNot().HaveDependencyOnAny($"HyperBdr.{service}.Features", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Mvc", "MassTransit")
            .GetResult();

        (result.FailingTypeNames ?? []).ShouldBeEmpty();
    }

    [Fact]
    public void No_type_is_a_manager_helper_or_util()
    {
        var vague = Services.Select(s => $"HyperBdr.{s}").Concat(["HyperBdr.Gateway", "HyperBdr.ServiceDefaults", "HyperBdr.Contracts"])
            .SelectMany(a => Assembly.Load(a).GetTypes())
            .Where(t => t.Namespace?.StartsWith("HyperBdr", StringComparison.Ordinal) == true)
            .Select(t => t.Name)
            .Where(n => n.EndsWith("Manager", StringComparison.Ordinal) || n.EndsWith("Helper", StringComparison.Ordinal) || n.EndsWith("Utils", StringComparison.Ordinal) || n.EndsWith("Util", StringComparison.Ordinal));

        vague.ShouldBeEmpty();
    }

    private static List<string> OwnReferences(string assembly) => Assembly.Load(assembly).GetReferencedAssemblies()
        .Select(r => r.Name!)
        .Where(n => n.StartsWith("HyperBdr.", StringComparison.Ordinal))
        .ToList();
}
