using HyperBdr.Fixtures.Suite;
using Xunit;

namespace HyperBdr.SystemTests;

/// <summary>One running suite for all tests here; they run one after another, the ones that kill last.</summary>
[CollectionDefinition(Name)]
public sealed class SuiteCollection : ICollectionFixture<RunningSuite>
{
    public const string Name = "suite";
}
