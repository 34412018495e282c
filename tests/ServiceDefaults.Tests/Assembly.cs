using HyperBdr.Fixtures;
using Xunit;

[assembly: AssemblyFixture(typeof(BackingServersFixture))]
