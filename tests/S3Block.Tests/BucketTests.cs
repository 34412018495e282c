using Amazon.S3;
using Amazon.S3.Model;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

[Collection(SharedCollection.Name)]
public sealed class BucketTests(SharedGateway shared) : IAsyncLifetime
{
    private readonly string bucket = $"b{Guid.CreateVersion7():n}";
    private readonly AmazonS3Client s3 = shared.Gateway.Client();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        s3.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Listings_give_every_key_once_in_the_order_of_bytes_whatever_the_page()
    {
        await s3.PutBucketAsync(bucket);
        string[] keys = ["a", "a/1", "a/2/x", "a/2/y", "a0", "b/", "z/\U0001F600", "z/\uFF5E", "ä", "x\u0001y"];
        await Task.WhenAll(keys.Select(k => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = k, ContentBody = k })));
        var sorted = keys.OrderBy(Utf8, StringComparer.Ordinal).ToList();

        foreach (var size in (int[])[1, 2, 3, 1000])
        {
            (await PagesAsync(size, "", "")).ShouldBe(sorted);
        }

        foreach (var size in (int[])[1, 2, 1000])
        {
            (await PagesAsync(size, "", "/")).ShouldBe(["a", "a/", "a0", "b/", "x\u0001y", "z/", "ä"]);
            (await PagesAsync(size, "a/", "/")).ShouldBe(["a/1", "a/2/"]);
        }

        var old = await s3.ListObjectsAsync(new ListObjectsRequest { BucketName = bucket, MaxKeys = 2, Delimiter = "/", Marker = "a" });
        old.CommonPrefixes.ShouldBe(["a/"]);
        (old.NextMarker, old.IsTruncated).ShouldBe(("a0", true));
    }

    [Fact]
    public async Task A_bucket_with_something_in_it_stays()
    {
        await s3.PutBucketAsync(bucket);
        (await ObjectTests.RefusedAsync(() => s3.PutBucketAsync(bucket))).ShouldBe((409, "BucketAlreadyOwnedByYou"));
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "k", ContentBody = "v" });
        (await ObjectTests.RefusedAsync(() => s3.DeleteBucketAsync(bucket))).ShouldBe((409, "BucketNotEmpty"));
        await s3.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = bucket, Objects = [new() { Key = "k" }, new() { Key = "never there" }] });
        await s3.DeleteBucketAsync(bucket);
        (await ObjectTests.RefusedAsync(() => s3.GetObjectAsync(bucket, "k"))).ShouldBe((404, "NoSuchBucket"));
    }

    [Fact]
    public async Task Versions_stay_until_each_is_deleted()
    {
        await s3.PutBucketAsync(bucket);
        await PutAsync("before");
        await VersioningAsync(VersionStatus.Enabled);
        var first = (await PutAsync("1")).VersionId;
        var second = (await PutAsync("2")).VersionId;
        var marker = await s3.DeleteObjectAsync(bucket, "v");

        marker.DeleteMarker.ShouldBe("true");
        (await ObjectTests.RefusedAsync(() => s3.GetObjectAsync(bucket, "v"))).ShouldBe((404, "NoSuchKey"));
        (await TextAsync(first)).ShouldBe("1");
        (await TextAsync("null")).ShouldBe("before");
        var all = await s3.ListVersionsAsync(bucket);
        all.Versions.Select(v => v.VersionId).ShouldBe([marker.VersionId, second, first, "null"]);
        all.Versions.Select(v => v.IsLatest).ShouldBe([true, false, false, false]);

        await s3.DeleteObjectAsync(bucket, "v", marker.VersionId);
        (await TextAsync(null)).ShouldBe("2");
        await s3.DeleteObjectAsync(bucket, "v", second);
        (await TextAsync(null)).ShouldBe("1");
        await VersioningAsync(VersionStatus.Suspended);
        await PutAsync("after");
        (await TextAsync("null")).ShouldBe("after");
        (await TextAsync(first)).ShouldBe("1");
        (await s3.ListVersionsAsync(bucket)).Versions.Count.ShouldBe(2);

        Task VersioningAsync(VersionStatus status) => s3.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = bucket, VersioningConfig = new S3BucketVersioningConfig { Status = status } });
        Task<PutObjectResponse> PutAsync(string text) => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "v", ContentBody = text });
        async Task<string> TextAsync(string? version)
        {
            using var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "v", VersionId = version });
            return System.Text.Encoding.UTF8.GetString(await ObjectTests.ReadAsync(got));
        }
    }

    [Fact]
    public async Task A_locked_version_cannot_be_deleted_before_its_time()
    {
        await s3.PutBucketAsync(new PutBucketRequest { BucketName = bucket, ObjectLockEnabledForBucket = true });
        await s3.PutObjectLockConfigurationAsync(new PutObjectLockConfigurationRequest { BucketName = bucket, ObjectLockConfiguration = new ObjectLockConfiguration { ObjectLockEnabled = ObjectLockEnabled.Enabled, Rule = new ObjectLockRule { DefaultRetention = new DefaultRetention { Mode = ObjectLockRetentionMode.Governance, Days = 1 } } } });
        var put = await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "l", ContentBody = "kept" });

        (await ObjectTests.RefusedAsync(() => s3.DeleteObjectAsync(bucket, "l", put.VersionId))).ShouldBe((403, "AccessDenied"));
        var until = DateTime.UnixEpoch + (TimeProvider.System.GetUtcNow().AddDays(2) - DateTimeOffset.UnixEpoch);
        await s3.PutObjectRetentionAsync(new PutObjectRetentionRequest { BucketName = bucket, Key = "l", VersionId = put.VersionId, Retention = new ObjectLockRetention { Mode = ObjectLockRetentionMode.Compliance, RetainUntilDate = until } });
        (await ObjectTests.RefusedAsync(() => s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = "l", VersionId = put.VersionId, BypassGovernanceRetention = true }))).ShouldBe((403, "AccessDenied"));
        (await ObjectTests.RefusedAsync(() => s3.PutObjectRetentionAsync(new PutObjectRetentionRequest { BucketName = bucket, Key = "l", BypassGovernanceRetention = true, Retention = new ObjectLockRetention { Mode = ObjectLockRetentionMode.Compliance, RetainUntilDate = until.AddDays(-1) } }))).ShouldBe((403, "AccessDenied"));
        (await s3.GetObjectRetentionAsync(new GetObjectRetentionRequest { BucketName = bucket, Key = "l" })).Retention.Mode.ShouldBe(ObjectLockRetentionMode.Compliance);

        var held = await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "h", ContentBody = "held", ObjectLockLegalHoldStatus = ObjectLockLegalHoldStatus.On });
        (await ObjectTests.RefusedAsync(() => s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = "h", VersionId = held.VersionId, BypassGovernanceRetention = true }))).ShouldBe((403, "AccessDenied"));
        await s3.PutObjectLegalHoldAsync(new PutObjectLegalHoldRequest { BucketName = bucket, Key = "h", LegalHold = new ObjectLockLegalHold { Status = ObjectLockLegalHoldStatus.Off } });
        await s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = "h", VersionId = held.VersionId, BypassGovernanceRetention = true });
        (await s3.ListVersionsAsync(bucket)).Versions.ShouldHaveSingleItem().Key.ShouldBe("l");
    }

    [Fact]
    public async Task Tags_and_rules_for_browsers_are_kept()
    {
        await s3.PutBucketAsync(bucket);
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "t", ContentBody = "v", TagSet = [new Tag { Key = "a b", Value = "1&2" }] });
        (await s3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = bucket, Key = "t" })).Tagging.ShouldHaveSingleItem().Value.ShouldBe("1&2");
        await s3.PutObjectTaggingAsync(new PutObjectTaggingRequest { BucketName = bucket, Key = "t", Tagging = new Tagging { TagSet = [new Tag { Key = "x", Value = "y" }, new Tag { Key = "z", Value = "" }] } });
        (await s3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = bucket, Key = "t" })).Tagging.Count.ShouldBe(2);
        await s3.DeleteObjectTaggingAsync(new DeleteObjectTaggingRequest { BucketName = bucket, Key = "t" });
        (await s3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = bucket, Key = "t" })).Tagging.ShouldBeNull();

        await s3.PutCORSConfigurationAsync(bucket, new CORSConfiguration { Rules = [new CORSRule { AllowedOrigins = ["https://*.example.test"], AllowedMethods = ["PUT"], AllowedHeaders = ["*"], MaxAgeSeconds = 60 }] });
        using var http = new HttpClient();
        (await PreflightAsync(http, "https://a.example.test")).ShouldBe((200, "https://a.example.test"));
        (await PreflightAsync(http, "https://elsewhere.test")).ShouldBe((403, ""));
    }

    private async Task<(int, string)> PreflightAsync(HttpClient http, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(shared.Gateway.Endpoint, $"/{bucket}/t"));
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "PUT");
        request.Headers.Add("Access-Control-Request-Headers", "x-amz-date");
        using var answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed.Single() : "");
    }

    private async Task<List<string>> PagesAsync(int size, string prefix, string delimiter)
    {
        var all = new List<string>();
        string? token = null;
        do
        {
            var page = await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, MaxKeys = size, Prefix = prefix, Delimiter = delimiter.Length > 0 ? delimiter : null, ContinuationToken = token, Encoding = EncodingType.Url });
            var names = (page.S3Objects ?? []).Select(o => o.Key).Concat(page.CommonPrefixes ?? []).Select(Uri.UnescapeDataString).OrderBy(Utf8, StringComparer.Ordinal).ToList();
            names.Count.ShouldBe(page.KeyCount ?? -1);
            all.AddRange(names);
            token = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (token is not null);
        return all;
    }

    private static string Utf8(string key) => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(key));
}
