using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3.Model;

namespace HyperBdr.Engine.Stores;

/// <summary>Blobs as objects below one prefix of a bucket of an S3 endpoint.</summary>
/// <remarks>
/// A put sends CRC-32C with the bytes, creates conditionally, and reads size and checksum back before it returns. Blobs above
/// <see cref="S3Options.PartBytes"/> go up in parts, one after the other. Nothing is retried here but a completion whose answer was lost.
/// Memory of a put: the caller's bytes. Safe for calls side by side. See <c>docs/formats/store.md</c>.
/// </remarks>
public sealed class S3Store : IBlobStore, IDraftCleaner
{
    private const int CompareBytes = 1 << 20;

    private readonly S3Options options;
    private readonly S3Calls calls;
    private readonly S3Parts parts;

    /// <summary>Nothing is sent before the first call.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="transport">Null for the runtime's own; it stays the caller's.</param>
    public S3Store(S3Options options, HttpMessageHandler? transport)
    {
        options.Check();
        this.options = options;
        calls = new S3Calls(options, transport);
        parts = new S3Parts(calls, options);
    }

    /// <inheritdoc/>
    public string Location => $"s3://{options.Endpoint.Authority}/{options.Bucket}/{options.Prefix}".TrimEnd('/');

    /// <inheritdoc/>
    public async Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        // Before many parts too: a look is cheaper than an upload that is refused at its end.
        if ((options.Create == S3Create.LookFirst || content.Length > options.PartBytes) && await FindAsync(name, ct) is { } found) return await CompareAsync(name, found.Length, content, ct);
        try
        {
            var checksum = content.Length > options.PartBytes ? await parts.PutAsync(name, content, ct) : await PutWholeAsync(name, content, ct);
            await ReadBackAsync(name, content, checksum, ct);
            return PutOutcome.Created;
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            var there = await FindAsync(name, ct) ?? throw new EngineException(Fault.StoreUnavailable, name.Value, "deleted while it was put", e);
            return await CompareAsync(name, there.Length, content, ct);
        }
    }

    /// <inheritdoc/>
    public async Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        if (offset < 0) throw new EngineException(Fault.InvalidArgument, name.Value, $"offset {offset}");
        if (into.IsEmpty) return await FindAsync(name, ct) is null ? throw new EngineException(Fault.NotFound, name.Value, "no such blob") : 0;
        try
        {
            return await calls.GetAsync(name, offset, into.Length, answer => FillAsync(name, answer, offset, into, ct), ct);
        }
        catch (EngineException e) when (e.InnerException is Amazon.S3.AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable })
        {
            return 0;
        }
    }

    /// <inheritdoc/>
    public async Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct)
    {
        try
        {
            var head = await calls.HeadAsync(name, ct);
            return new BlobInfo(name, head.ContentLength, Utc(head.LastModified));
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        BlobPrefix.Check(prefix);
        string? token = null;
        do
        {
            var page = await calls.ListAsync(prefix, token, ct);
            foreach (var found in page.S3Objects ?? [])
            {
                if (!found.Key.StartsWith(options.Prefix + prefix, StringComparison.Ordinal)) throw Lies(prefix, $"a listing answered the foreign key '{found.Key}'");
                var name = found.Key[options.Prefix.Length..];
                if (BlobName.IsValid(name)) yield return new BlobInfo(new BlobName(name), found.Size ?? 0, Utc(found.LastModified));
            }

            var former = token;
            token = page.IsTruncated == true ? page.NextContinuationToken : null;
            if (page.IsTruncated == true && (string.IsNullOrEmpty(token) || token == former)) throw Lies(prefix, "a listing says that there is more and not where");
        }
        while (token is not null);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(BlobName name, CancellationToken ct)
    {
        try
        {
            await calls.DeleteAsync(name, ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            // Some endpoints say so where S3 answers 204.
        }
    }

    /// <inheritdoc/>
    /// <remarks>The Date of an answer: whole seconds.</remarks>
    public Task<DateTimeOffset> ClockAsync(CancellationToken ct) => calls.DateAsync(ct);

    /// <inheritdoc/>
    public async Task<int> CleanAsync(TimeSpan olderThan, CancellationToken ct) => await parts.CleanAsync(await ClockAsync(ct) - olderThan, ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        calls.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string> PutWholeAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var crc = Crc32C.Of(content.Span);
        await calls.PutAsync(name, content, crc, ct);
        return Crc32C.Text(crc);
    }

    private async Task ReadBackAsync(BlobName name, ReadOnlyMemory<byte> content, string checksum, CancellationToken ct)
    {
        GetObjectMetadataResponse head;
        try
        {
            head = await calls.HeadAsync(name, ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            throw new EngineException(Fault.StoreLies, name.Value, "the endpoint confirmed a put and does not have the object", e);
        }

        if (head.ContentLength != content.Length) throw Lies(name.Value, $"{content.Length} bytes were sent and {head.ContentLength} are there");
        if (options.ReadBack == S3ReadBack.SizeOnly) return;
        if (options.ReadBack == S3ReadBack.Checksum && head.ChecksumCRC32C is { Length: > 0 } stated)
        {
            // An object made of parts states the checksum of its parts' checksums, or of all its bytes.
            if (stated != checksum && stated != Crc32C.Text(Crc32C.Of(content.Span))) throw Lies(name.Value, "the endpoint states another checksum than was sent");
            return;
        }

        if (!await HoldsAsync(name, content, ct)) throw Lies(name.Value, "other bytes are there than were sent");
    }

    private async Task<PutOutcome> CompareAsync(BlobName name, long length, ReadOnlyMemory<byte> content, CancellationToken ct) =>
        length == content.Length && await HoldsAsync(name, content, ct) ? PutOutcome.AlreadyThere : throw new EngineException(Fault.NameTaken, name.Value, "the name holds other content");

    /// <summary>Compares through one bounded buffer and one request.</summary>
    private async Task<bool> HoldsAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (content.IsEmpty) return true;
        try
        {
            return await calls.GetAsync(name, 0, content.Length, answer => EqualsAsync(answer, content, ct), ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            throw new EngineException(Fault.StoreUnavailable, name.Value, "deleted while it was put", e);
        }
    }

    private static async Task<bool> EqualsAsync(GetObjectResponse answer, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(content.Length, CompareBytes));
        try
        {
            for (var done = 0; done < content.Length;)
            {
                var part = content[done..Math.Min(content.Length, done + buffer.Length)];
                var read = await answer.ResponseStream.ReadAtLeastAsync(buffer.AsMemory(0, part.Length), part.Length, throwOnEndOfStream: false, ct);
                if (!buffer.AsSpan(0, read).SequenceEqual(part.Span)) return false;
                done += read;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<int> FillAsync(BlobName name, GetObjectResponse answer, long offset, Memory<byte> into, CancellationToken ct)
    {
        var total = answer.ContentLength;
        if (answer.HttpStatusCode == HttpStatusCode.PartialContent)
        {
            if (!ContentRange.TryParse(answer.ContentRange, out var range) || range.From != offset) throw Lies(name.Value, $"asked for bytes from {offset}, answered '{answer.ContentRange}'");
            total = range.Total;
        }
        else if (offset > 0)
        {
            throw Lies(name.Value, "the endpoint ignores ranges");
        }

        var due = (int)Math.Min(into.Length, total - offset);
        if (due < 0 || answer.ContentLength < due) throw Lies(name.Value, $"{answer.ContentLength} bytes answered where {due} are due");
        var read = await answer.ResponseStream.ReadAtLeastAsync(into[..due], due, throwOnEndOfStream: false, ct);
        return read == due ? due : throw new EngineException(Fault.StoreUnavailable, name.Value, $"the answer ended after {read} of {due} bytes");
    }

    private static DateTimeOffset Utc(DateTime? time) => time is { } given ? new DateTimeOffset(given.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.UnixEpoch;

    private static EngineException Lies(string subject, string what) => new(Fault.StoreLies, subject, what);
}
