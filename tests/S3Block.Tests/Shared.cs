using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

/// <summary>One endpoint for the tests that need no other: each has a bucket of its own.</summary>
public sealed class SharedGateway : IAsyncLifetime
{
    public Gateway Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await Gateway.StartAsync("domain = s3.example.test");

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class SharedCollection : ICollectionFixture<SharedGateway>
{
    public const string Name = "shared";
}

internal static class Bytes
{
    public static byte[] Of(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static void Same(byte[] got, byte[] expected) => got.AsSpan().SequenceEqual(expected).ShouldBeTrue($"{got.Length} bytes are not the {expected.Length} expected");
}
