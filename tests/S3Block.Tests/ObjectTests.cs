using System.Net;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

[Collection(SharedCollection.Name)]
public sealed class ObjectTests(SharedGateway shared) : IAsyncLifetime
{
    private readonly string bucket = $"b{Guid.CreateVersion7():n}";
    private readonly AmazonS3Client s3 = shared.Gateway.Client();

    public async ValueTask InitializeAsync() => await s3.PutBucketAsync(bucket);

    public ValueTask DisposeAsync()
    {
        s3.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_143)]
    [InlineData(262_144)]
    [InlineData(3_000_001)]
    public async Task What_is_put_is_got_byte_for_byte_with_its_headers(int length)
    {
        var content = Bytes.Of(length, length);
        var put = new PutObjectRequest { BucketName = bucket, Key = "a/ö ü+%41&?#'.bin", InputStream = new MemoryStream(content), ContentType = "text/x-test", ChecksumCRC64NVME = Http.Digest.Base64("crc64nvme", content) };
        put.Metadata.Add("note", "kept");
        var stored = await s3.PutObjectAsync(put);

        using var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = put.Key });
        Bytes.Same(await ReadAsync(got), content);
        got.Headers.ContentType.ShouldBe("text/x-test");
        got.Metadata["note"].ShouldBe("kept");
        got.ETag.ShouldBe(stored.ETag);
        stored.ChecksumCRC64NVME.ShouldBe(put.ChecksumCRC64NVME);
        (await s3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = put.Key, ChecksumMode = ChecksumMode.ENABLED })).ChecksumCRC64NVME.ShouldBe(put.ChecksumCRC64NVME);
        put.Key = "wrong";
        put.InputStream = new MemoryStream([.. content, 1]);
        (await RefusedAsync(() => s3.PutObjectAsync(put))).ShouldBe((400, "BadDigest"));
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=262143-262145", 262_143, 3)]
    [InlineData("bytes=599990-", 599_990, 10)]
    [InlineData("bytes=-7", 599_993, 7)]
    [InlineData("bytes=599999-700000", 599_999, 1)]
    public async Task A_range_is_exactly_what_was_asked_for(string range, int from, int count)
    {
        var content = Bytes.Of(1, 600_000);
        await PutAsync("ranged", content);

        var got = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "ranged", ByteRange = new ByteRange(range) });

        got.HttpStatusCode.ShouldBe(HttpStatusCode.PartialContent);
        got.ContentRange.ShouldBe($"bytes {from}-{from + count - 1}/600000");
        Bytes.Same(await ReadAsync(got), content[from..(from + count)]);
        (await RefusedAsync(() => s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "ranged", ByteRange = new ByteRange("bytes=600000-") }))).ShouldBe((416, "InvalidRange"));
    }

    [Fact]
    public async Task Of_many_who_create_one_key_at_once_one_wins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            try
            {
                await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "once", ContentBody = $"{i}", IfNoneMatch = "*" });
                return i;
            }
            catch (AmazonS3Exception e) when (e.ErrorCode == "PreconditionFailed")
            {
                return -1;
            }
        }));

        var winner = outcomes.Where(o => o >= 0).ShouldHaveSingleItem();
        Encoding.UTF8.GetString(await GetAsync("once")).ShouldBe($"{winner}");
    }

    [Fact]
    public async Task Conditions_hold_for_reading_and_replacing()
    {
        var first = await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "c", ContentBody = "1" });

        (await RefusedAsync(() => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "c", ContentBody = "2", IfMatch = "\"other\"" }))).ShouldBe((412, "PreconditionFailed"));
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "c", ContentBody = "2", IfMatch = first.ETag });
        (await RefusedAsync(() => s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "c", EtagToMatch = first.ETag }))).ShouldBe((412, "PreconditionFailed"));
        var now = (await s3.GetObjectMetadataAsync(bucket, "c")).ETag;
        (await RefusedAsync(() => s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "c", EtagToNotMatch = now }))).Status.ShouldBe(304);
        (await RefusedAsync(() => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "none", ContentBody = "2", IfMatch = now }))).ShouldBe((404, "NoSuchKey"));
    }

    [Theory]
    [InlineData("CRC32", null)]
    [InlineData("CRC32C", "FULL_OBJECT")]
    [InlineData("CRC64NVME", null)]
    [InlineData("SHA256", null)]
    public async Task Parts_become_one_object_and_a_completion_asked_for_twice_answers_the_same(string algorithm, string? type)
    {
        var content = Bytes.Of(7, (2 * (5 << 20)) + 12_345);
        var begun = await s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = bucket, Key = "parts", ChecksumAlgorithm = ChecksumAlgorithm.FindValue(algorithm), ChecksumType = type is null ? null : ChecksumType.FindValue(type) });
        var parts = new List<PartETag>();
        foreach (var (chunk, number) in content.Chunk(5 << 20).Select((c, i) => (c, i + 1)))
        {
            var send = new UploadPartRequest { BucketName = bucket, Key = "parts", UploadId = begun.UploadId, PartNumber = number, InputStream = new MemoryStream(chunk) };
            // The SDK computes these two only with a native package beside it.
            if (algorithm == "CRC32C") send.ChecksumCRC32C = Http.Digest.Base64("crc32c", chunk);
            else if (algorithm == "CRC64NVME") send.ChecksumCRC64NVME = Http.Digest.Base64("crc64nvme", chunk);
            else send.ChecksumAlgorithm = ChecksumAlgorithm.FindValue(algorithm);
            var part = await s3.UploadPartAsync(send);
            parts.Add(new PartETag(number, part.ETag));
        }

        var listed = await s3.ListPartsAsync(bucket, "parts", begun.UploadId);
        listed.Parts.Select(p => p.Size).ShouldBe([5 << 20, 5 << 20, 12_345]);
        var complete = new CompleteMultipartUploadRequest { BucketName = bucket, Key = "parts", UploadId = begun.UploadId, PartETags = parts };
        var first = await s3.CompleteMultipartUploadAsync(complete);
        var second = await s3.CompleteMultipartUploadAsync(complete);

        (second.ETag, second.ChecksumCRC32, second.ChecksumCRC32C, second.ChecksumCRC64NVME, second.ChecksumSHA256).ShouldBe((first.ETag, first.ChecksumCRC32, first.ChecksumCRC32C, first.ChecksumCRC64NVME, first.ChecksumSHA256));
        if (type == "FULL_OBJECT") first.ChecksumCRC32C.ShouldBe(Http.Digest.Base64("crc32c", content));
        if (algorithm == "CRC64NVME") first.ChecksumCRC64NVME.ShouldBe(Http.Digest.Base64("crc64nvme", content));
        Bytes.Same(await GetAsync("parts"), content);
        using var across = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = "parts", ByteRange = new ByteRange((5 << 20) - 3, (10 << 20) + 4) });
        Bytes.Same(await ReadAsync(across), content[((5 << 20) - 3)..((10 << 20) + 5)]);
        (await s3.ListMultipartUploadsAsync(bucket)).MultipartUploads.ShouldBeNull();
    }

    [Fact]
    public async Task An_upload_is_refused_for_small_wrong_or_unordered_parts_and_gone_when_aborted()
    {
        var id = (await s3.InitiateMultipartUploadAsync(bucket, "bad")).UploadId;
        var one = await s3.UploadPartAsync(new UploadPartRequest { BucketName = bucket, Key = "bad", UploadId = id, PartNumber = 1, InputStream = new MemoryStream([1]) });
        var two = await s3.UploadPartAsync(new UploadPartRequest { BucketName = bucket, Key = "bad", UploadId = id, PartNumber = 2, InputStream = new MemoryStream([2]) });

        (await CompleteAsync(new PartETag(1, one.ETag), new PartETag(2, two.ETag))).ShouldBe((400, "EntityTooSmall"));
        (await CompleteAsync(new PartETag(1, "\"00000000000000000000000000000000\""))).ShouldBe((400, "InvalidPart"));
        await s3.AbortMultipartUploadAsync(bucket, "bad", id);
        (await CompleteAsync(new PartETag(1, one.ETag))).ShouldBe((404, "NoSuchUpload"));
        Directory.EnumerateFiles(Path.Combine(shared.Gateway.Home, "diskdir", "uploads", bucket)).ShouldBeEmpty();

        Task<(int, string)> CompleteAsync(params PartETag[] parts) =>
            RefusedAsync(() => s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = "bad", UploadId = id, PartETags = [.. parts] }));
    }

    [Fact]
    public async Task Copies_and_copied_parts_hold_the_same_bytes()
    {
        var content = Bytes.Of(3, 6 << 20);
        await PutAsync("source", content);
        await s3.CopyObjectAsync(bucket, "source", bucket, "whole copy");
        var id = (await s3.InitiateMultipartUploadAsync(bucket, "joined")).UploadId;
        var part = await s3.CopyPartAsync(new CopyPartRequest { SourceBucket = bucket, SourceKey = "source", DestinationBucket = bucket, DestinationKey = "joined", UploadId = id, PartNumber = 1, FirstByte = 100, LastByte = (6 << 20) - 1 });
        await s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = "joined", UploadId = id, PartETags = [new(1, part.ETag)] });

        Bytes.Same(await GetAsync("whole copy"), content);
        Bytes.Same(await GetAsync("joined"), content[100..]);
    }

    [Fact]
    public async Task The_transfer_utility_and_a_presigned_address_move_the_same_bytes()
    {
        var content = Bytes.Of(5, 20 << 20);
        using var transfer = new TransferUtility(s3);
        await transfer.UploadAsync(new MemoryStream(content), bucket, "big");
        using var http = new HttpClient();
        var address = await s3.GetPreSignedURLAsync(new GetPreSignedUrlRequest { BucketName = bucket, Key = "big", Expires = DateTime.UnixEpoch + (TimeProvider.System.GetUtcNow().AddMinutes(5) - DateTimeOffset.UnixEpoch), Protocol = Protocol.HTTP });

        Bytes.Same(await http.GetByteArrayAsync(new Uri(address)), content);
        (await http.GetAsync(new Uri(address.Replace("big", "bog", StringComparison.Ordinal)))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private Task<PutObjectResponse> PutAsync(string key, byte[] content) => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = new MemoryStream(content) });

    private async Task<byte[]> GetAsync(string key)
    {
        using var got = await s3.GetObjectAsync(bucket, key);
        return await ReadAsync(got);
    }

    internal static async Task<byte[]> ReadAsync(GetObjectResponse got)
    {
        using var all = new MemoryStream();
        await got.ResponseStream.CopyToAsync(all);
        return all.ToArray();
    }

    internal static async Task<(int Status, string Code)> RefusedAsync(Func<Task> call)
    {
        var e = await Should.ThrowAsync<AmazonS3Exception>(call);
        return ((int)e.StatusCode, e.ErrorCode);
    }
}
