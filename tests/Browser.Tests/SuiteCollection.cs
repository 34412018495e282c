using HyperBdr.Fixtures.Suite;
using Xunit;

namespace HyperBdr.Browser.Tests;

[CollectionDefinition(Name)]
public sealed class SuiteCollection : ICollectionFixture<RunningSuite>
{
    public const string Name = "suite";
}
