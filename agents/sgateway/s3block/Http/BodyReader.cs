using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.S3Block.Http;

/// <summary>Reads a body as it comes, in memory that does not grow with it: plain, or in chunks of <c>aws-chunked</c>.</summary>
/// <remarks>
/// Chunks are <c>400;chunk-signature=ab…\r\n(1024 bytes)\r\n</c>, the last of size 0, then trailing headers and an empty line (Amazon S3 API
/// Reference, 'Signature Calculations: Transferring Payload in Multiple Chunks').
/// </remarks>
internal sealed class BodyReader
{
    private const string SignedChunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    private const string SignedWithTrailer = SignedChunks + "-TRAILER";
    private const string UnsignedWithTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    private const int MaxLine = 4096;

    private readonly S3Request request;
    private readonly BodySink sink;
    private readonly StringBuilder trailers = new();
    private readonly IncrementalHash? chunkHash;
    private readonly bool withTrailer;
    private readonly long due;
    private Step step = Step.Head;
    private long left;
    private string stated = "";
    private string previous;

    private BodyReader(S3Request request, BodySink sink, long due)
    {
        (this.request, this.sink, this.due) = (request, sink, due);
        previous = request.Signed.Signature;
        withTrailer = request.Signed.Payload is SignedWithTrailer or UnsignedWithTrailer;
        chunkHash = request.Signed.Payload == UnsignedWithTrailer ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    private enum Step
    {
        Head,
        Data,
        DataEnd,
        Trailers,
        End,
    }

    /// <summary>Bytes that the body will decode to; null when only its end tells.</summary>
    public static long? LengthOf(S3Request request)
    {
        if (!IsChunked(request)) return request.Http.Request.ContentLength;
        return long.TryParse(request.Header("x-amz-decoded-content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : throw new S3Refusal(411, "MissingContentLength", "You must provide the x-amz-decoded-content-length header.");
    }

    /// <summary>Reads all of it into the sink and verifies everything that was stated.</summary>
    /// <exception cref="S3Refusal"/>
    public static async Task ReadAsync(S3Request request, BodySink sink, long limit)
    {
        var length = LengthOf(request);
        if (length > limit) throw TooLarge();
        try
        {
            if (IsChunked(request)) await new BodyReader(request, sink, length!.Value).ChunksAsync();
            else await PlainAsync(request, sink, limit);
        }
        catch (Exception e) when (e is Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            throw S3Refusal.Incomplete();
        }

        if (length is not null && sink.Length != length) throw S3Refusal.Incomplete();
        sink.Verify();
    }

    private static bool IsChunked(S3Request request) => request.Signed.Payload switch
    {
        SignedChunks or SignedWithTrailer or UnsignedWithTrailer => true,
        var other when other.StartsWith("STREAMING-", StringComparison.Ordinal) => throw S3Refusal.NotImplemented($"{other} is not supported."),
        SigV4.UnsignedPayload => false,
        var hash => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower) ? false : throw S3Refusal.Invalid("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value."),
    };

    private static S3Refusal TooLarge() => new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.");

    private static async Task PlainAsync(S3Request request, BodySink sink, long limit)
    {
        var body = request.Http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(request.Aborted);
            foreach (var piece in read.Buffer) sink.Append(piece.Span);
            body.AdvanceTo(read.Buffer.End);
            if (sink.Length > limit) throw TooLarge();
            if (read.IsCompleted) return;
        }
    }

    private async Task ChunksAsync()
    {
        using var hash = chunkHash;
        var body = request.Http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(request.Aborted);
            var rest = read.Buffer;
            while (step != Step.End && Advance(ref rest))
            {
            }

            body.AdvanceTo(step == Step.End ? read.Buffer.End : rest.Start, read.Buffer.End);
            if (read.IsCompleted) break;
        }

        if (step != Step.End) throw S3Refusal.Incomplete();
    }

    /// <returns>False when more bytes must come first.</returns>
    private bool Advance(ref ReadOnlySequence<byte> rest)
    {
        if (step == Step.Data) return Data(ref rest);
        if (Line(ref rest) is not { } line) return false;
        switch (step)
        {
            case Step.Head:
                Head(line);
                return true;
            case Step.DataEnd:
                if (line.Length != 0) throw S3Refusal.Incomplete();
                step = Step.Head;
                return true;
            default:
                Trailer(line);
                return true;
        }
    }

    private void Head(string line)
    {
        var fields = line.Split(';', 2);
        if (fields[0].Length > 16 || !long.TryParse(fields[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out left) || left < 0 || left > due - sink.Length) throw S3Refusal.Incomplete();
        stated = fields.Length == 2 && fields[1].StartsWith("chunk-signature=", StringComparison.Ordinal) ? fields[1][16..] : "";
        if (left > 0)
        {
            step = Step.Data;
            return;
        }

        VerifyChunk();
        step = Step.Trailers;
    }

    private bool Data(ref ReadOnlySequence<byte> rest)
    {
        if (rest.IsEmpty) return false;
        var part = rest.Slice(0, Math.Min(left, rest.Length));
        foreach (var piece in part)
        {
            chunkHash?.AppendData(piece.Span);
            sink.Append(piece.Span);
        }

        left -= part.Length;
        rest = rest.Slice(part.End);
        if (left > 0) return true;
        VerifyChunk();
        step = Step.DataEnd;
        return true;
    }

    private void VerifyChunk()
    {
        if (chunkHash is null) return;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        chunkHash.GetHashAndReset(hash);
        previous = SigV4.ChunkSignature(request.Signed, previous, hash);
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(previous), Encoding.UTF8.GetBytes(stated))) throw S3Refusal.Signature();
    }

    private void Trailer(string line)
    {
        if (line.Length == 0)
        {
            // With signed trailers their signature is the last line before this one.
            if (withTrailer && chunkHash is not null && trailers.Length > 0) throw S3Refusal.Signature();
            step = Step.End;
            return;
        }

        var field = line.Split(':', 2, StringSplitOptions.TrimEntries);
        if (field.Length != 2 || !withTrailer) throw new S3Refusal(400, "MalformedTrailerError", "The request contained trailing data that was not well-formed.");
        var name = field[0].ToLowerInvariant();
        if (name == "x-amz-trailer-signature")
        {
            if (chunkHash is null || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(SigV4.TrailerSignature(request.Signed, previous, trailers.ToString())), Encoding.UTF8.GetBytes(field[1]))) throw S3Refusal.Signature();
            trailers.Clear();
            return;
        }

        trailers.Append(name).Append(':').Append(field[1]).Append('\n');
        if (trailers.Length > MaxLine) throw new S3Refusal(400, "MalformedTrailerError", "The trailers are too long.");
        if (name == $"x-amz-checksum-{sink.Trailer}") sink.Expect(sink.Trailer!, field[1]);
    }

    private static string? Line(ref ReadOnlySequence<byte> rest)
    {
        var reader = new SequenceReader<byte>(rest);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            return rest.Length > MaxLine ? throw S3Refusal.Incomplete() : null;
        }

        if (line.Length > MaxLine) throw S3Refusal.Incomplete();
        rest = rest.Slice(reader.Position);
        return Encoding.ASCII.GetString(line).TrimEnd('\r');
    }
}
