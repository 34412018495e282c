using Amazon.S3;
using Amazon.S3.Model;
using HyperBdr.Contracts.Security;
using HyperBdr.S3Block.Keys;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

[Collection(SharedCollection.Name)]
public sealed class KeyTests(SharedGateway shared) : IAsyncLifetime
{
    private readonly string bucket = $"b{Guid.CreateVersion7():n}";
    private readonly AmazonS3Client owner = shared.Gateway.Client();

    public async ValueTask InitializeAsync() => await owner.PutBucketAsync(bucket);

    public ValueTask DisposeAsync()
    {
        owner.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_scoped_writer_creates_below_its_prefix_and_does_nothing_else()
    {
        await PutAsync(owner, "t1/old");
        await PutAsync(owner, "t2/other");
        using var writer = Scoped(StorageRight.Writer, "t1/", 60);

        await PutAsync(writer, "t1/new");
        (await writer.GetObjectAsync(bucket, "t1/old")).ContentLength.ShouldBe(1);
        (await writer.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = "t1/" })).KeyCount.ShouldBe(2);
        await DeniedAsync(() => PutAsync(writer, "t1/old"));
        await DeniedAsync(() => PutAsync(writer, "t2/new"));
        await DeniedAsync(() => writer.DeleteObjectAsync(bucket, "t1/old"));
        await DeniedAsync(() => writer.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = bucket, Objects = [new() { Key = "t1/new" }] }));
        await DeniedAsync(() => writer.GetObjectAsync(bucket, "t2/other"));
        await DeniedAsync(() => writer.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }));
        await DeniedAsync(() => writer.CopyObjectAsync(bucket, "t2/other", bucket, "t1/copy"));
        await DeniedAsync(() => writer.DeleteBucketAsync(bucket));
        (await ObjectTests.RefusedAsync(() => writer.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "t1/old", ContentBody = "x", IfNoneMatch = "*" }))).ShouldBe((412, "PreconditionFailed"));
        var id = (await writer.InitiateMultipartUploadAsync(bucket, "t1/parts")).UploadId;
        await writer.AbortMultipartUploadAsync(bucket, "t1/parts", id);
    }

    [Fact]
    public async Task A_reader_or_an_expired_or_forged_token_writes_nothing()
    {
        await PutAsync(owner, "t1/old");
        using var reader = Scoped(StorageRight.Reader, "t1/", 60);
        (await reader.GetObjectAsync(bucket, "t1/old")).ContentLength.ShouldBe(1);
        await DeniedAsync(() => PutAsync(reader, "t1/new"));

        using var expired = Scoped(StorageRight.Writer, "t1/", -1);
        (await ObjectTests.RefusedAsync(() => PutAsync(expired, "t1/new"))).ShouldBe((400, "ExpiredToken"));
        var made = ScopedStorageKey.Derive(Gateway.Owner, "another secret", new StorageScope(bucket, "", StorageRight.Writer, long.MaxValue, "s"));
        using var forged = shared.Gateway.Client(made.AccessKey, made.SecretKey, made.SessionToken);
        (await ObjectTests.RefusedAsync(() => PutAsync(forged, "t1/new"))).ShouldBe((400, "InvalidToken"));
    }

    [Fact]
    public async Task A_key_counts_from_the_moment_its_file_is_there_until_it_is_gone()
    {
        using var other = shared.Gateway.Client("LATER01", "secret-of-later");
        (await ObjectTests.RefusedAsync(() => PutAsync(other, "k"))).ShouldBe((403, "InvalidAccessKeyId"));
        shared.Gateway.Keys.Add(new OwnerKey { AccessKey = "LATER01", Secret = "secret-of-later", Buckets = [bucket] });
        await PutAsync(other, "k");
        await DeniedAsync(() => other.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "another-bucket" }));
        shared.Gateway.Keys.Add(new OwnerKey { AccessKey = "LATER01", Secret = "secret-of-later", Buckets = [bucket], Policy = KeyPolicy.Reader });
        await DeniedAsync(() => PutAsync(other, "k2"));
        File.SetUnixFileMode(Path.Combine(S3BlockOptions.KeyFolderOf(shared.Gateway.Home), "LATER01.json"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        shared.Gateway.Keys.Find("LATER01").ShouldBeNull("others can read the secret");
        shared.Gateway.Keys.Remove("LATER01");
        (await ObjectTests.RefusedAsync(() => other.GetObjectAsync(bucket, "k"))).ShouldBe((403, "InvalidAccessKeyId"));
    }

    private AmazonS3Client Scoped(StorageRight right, string prefix, int minutes)
    {
        var key = ScopedStorageKey.Derive(Gateway.Owner, Gateway.Secret, new StorageScope(bucket, prefix, right, TimeProvider.System.GetUtcNow().AddMinutes(minutes).ToUnixTimeSeconds(), "session"));
        return shared.Gateway.Client(key.AccessKey, key.SecretKey, key.SessionToken);
    }

    private Task<PutObjectResponse> PutAsync(AmazonS3Client s3, string key) => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = "x" });

    private static async Task DeniedAsync(Func<Task> call)
    {
        var e = await Should.ThrowAsync<AmazonS3Exception>(call);
        e.ErrorCode.ShouldBe("AccessDenied");
    }
}
