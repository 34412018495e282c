using System.Reflection;
using NetArchTest.Rules;
using Shouldly;
using Xunit;

namespace HyperBdr.Architecture.Tests;

public sealed class EngineLayers
{
    // Bottom first. Layers in one entry may know each other.
    private static readonly string[][] Layers =
    [
        ["IO"], ["Blocks"], ["Codec"], ["Stores"], ["Maps", "Index", "Packs"], ["Points"], ["Restore", "Sync", "Repositories"], ["Maintenance"],
    ];

    [Fact]
    public void An_engine_layer_knows_only_those_below_it()
    {
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            var above = Layers.Skip(layer + 1).SelectMany(l => l).Append("Nbd").Select(l => $"HyperBdr.Engine.{l}").ToArray();
            foreach (var name in Layers[layer])
            {
                var result = Types.InAssembly(Assembly.Load("HyperBdr.Engine")).That().ResideInNamespaceStartingWith($"HyperBdr.Engine.{name}")
                    .ShouldNot().HaveDependencyOnAny(above).GetResult();
                (result.FailingTypeNames ?? []).Select(t => $"{name}: {t}").ShouldBeEmpty();
            }
        }
    }

    [Fact]
    public void The_engine_knows_no_service_and_no_contract()
    {
        Assembly.Load("HyperBdr.Engine").GetReferencedAssemblies().Select(a => a.Name).ShouldNotContain(n => n!.StartsWith("HyperBdr.", StringComparison.Ordinal));
        Assembly.Load("HyperBdr.Engine").GetReferencedAssemblies().Select(a => a.Name).ShouldNotContain(n => n!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }
}
