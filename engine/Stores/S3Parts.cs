using Amazon.S3.Model;

namespace HyperBdr.Engine.Stores;

/// <summary>Blobs in several parts: all of them become one object at its completion, or none.</summary>
internal sealed class S3Parts(S3Calls calls, S3Options options)
{
    private const int MaxCompletions = 3;
    private static readonly TimeSpan AbortWithin = TimeSpan.FromSeconds(10);

    /// <returns>The checksum that the endpoint should state for the object.</returns>
    public async Task<string> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var upload = await calls.BeginPartsAsync(name, ct);
        var (sent, sums) = (new List<PartETag>(), new List<uint>());
        try
        {
            for (var at = 0; at < content.Length; at += Math.Min(options.PartBytes, content.Length - at))
            {
                var part = content.Slice(at, Math.Min(options.PartBytes, content.Length - at));
                var crc = Crc32C.Of(part.Span);
                var answer = await calls.PutPartAsync(name, upload, sent.Count + 1, part, crc, ct);
                sums.Add(crc);
                sent.Add(new PartETag(sent.Count + 1, answer.ETag) { ChecksumCRC32C = answer.ChecksumCRC32C is null ? null : Crc32C.Text(crc) });
            }
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException)
        {
            await AbandonAsync(name, upload);
            throw;
        }

        await CompleteAsync(name, upload, sent, ct);
        return Crc32C.Composite(sums);
    }

    /// <summary>Aborts uploads begun before <paramref name="limit"/>.</summary>
    public async Task<int> CleanAsync(DateTimeOffset limit, CancellationToken ct)
    {
        var removed = 0;
        ListMultipartUploadsResponse? page = null;
        do
        {
            page = await calls.UploadsAsync(page?.NextKeyMarker, page?.NextUploadIdMarker, ct);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                if (upload.Initiated is not { } begun || begun.ToUniversalTime() >= limit.UtcDateTime || !upload.Key.StartsWith(options.Prefix, StringComparison.Ordinal)) continue;
                await calls.AbortAsync(upload.Key, upload.UploadId, ct);
                removed++;
            }
        }
        while (page.IsTruncated == true);

        return removed;
    }

    /// <summary>
    /// After a completion whose answer was lost, the upload is never aborted: it may have become the object. Asked again, the endpoint says
    /// that there is no such upload, or that the name is taken, when the first completion took effect (the transport, too, may have sent it
    /// twice); the caller then compares the bytes.
    /// </summary>
    private async Task CompleteAsync(BlobName name, string upload, List<PartETag> sent, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await calls.CompleteAsync(name, upload, sent, ct);
                return;
            }
            catch (EngineException e) when (IsGone(e))
            {
                throw new EngineException(Fault.NameTaken, name.Value, "the upload was completed before", e);
            }
            catch (EngineException e) when (e.Fault == Fault.StoreUnavailable && tries < MaxCompletions)
            {
                // Not a second put: the same parts under the same upload.
            }
            catch (EngineException e) when (e.Fault is Fault.NameTaken or Fault.StoreRefused or Fault.StoreFull)
            {
                await AbandonAsync(name, upload);
                throw;
            }
        }
    }

    private static bool IsGone(EngineException e) => e.InnerException is Amazon.S3.AmazonS3Exception { ErrorCode: "NoSuchUpload" };

    /// <summary>Frees the parts' room where possible; what stays goes with <see cref="CleanAsync"/>.</summary>
    private async Task AbandonAsync(BlobName name, string upload)
    {
        using var limit = new CancellationTokenSource(AbortWithin);
        try
        {
            await calls.AbortAsync(calls.Key(name), upload, limit.Token);
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException)
        {
            // The failure that led here is the one to report.
        }
    }
}
