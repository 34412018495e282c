using HyperBdr.Engine.Stores;
using HyperBdr.S3Testing;

namespace HyperBdr.Engine.Tests.Stores;

internal static class S3Fixture
{
    public static S3Options OptionsFor(S3Server server) => new()
    {
        Endpoint = server.Endpoint,
        Region = server.Options.Region,
        Bucket = server.Options.Bucket,
        Prefix = "repo/one/",
        AccessKey = server.Options.AccessKey,
        SecretKey = server.Options.SecretKey,
    };
}
