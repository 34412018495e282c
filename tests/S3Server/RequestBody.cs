using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Testing;

/// <summary>A request's content, decoded and verified against every hash that came with it.</summary>
internal static class RequestBody
{
    private const string SignedChunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    private const string UnsignedChunks = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

    public static async Task<byte[]> ReceiveAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream((int)(request.ContentLength ?? 0));
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        return buffer.Length == buffer.Capacity ? buffer.GetBuffer() : buffer.ToArray();
    }

    /// <summary>Null when all is well; else the refusal.</summary>
    public static S3Answer? Decode(HttpRequest request, in SignedRequest signed, byte[] raw, bool withChecksums, out byte[] content, out (string Header, string Value)? checksum)
    {
        (content, checksum) = (raw, null);
        var sums = request.Headers.Where(h => h.Key.StartsWith(Checksums.Prefix, StringComparison.OrdinalIgnoreCase) && !h.Key.EndsWith("-type", StringComparison.OrdinalIgnoreCase) && !h.Key.EndsWith("-algorithm", StringComparison.OrdinalIgnoreCase) && !h.Key.EndsWith("-mode", StringComparison.OrdinalIgnoreCase))
            .Select(h => (Header: h.Key.ToLowerInvariant(), Value: h.Value.ToString())).ToList();
        if (signed.ContentHash.StartsWith("STREAMING-", StringComparison.Ordinal))
        {
            if (Unchunk(request, signed, raw, sums, out content) is { } refusal) return refusal;
        }
        else if (signed.ContentHash != "UNSIGNED-PAYLOAD" && signed.ContentHash != Convert.ToHexStringLower(SHA256.HashData(raw)))
        {
            return S3Answer.Error(400, "XAmzContentSHA256Mismatch");
        }

        if (!withChecksums) return null;
        foreach (var (header, value) in sums)
        {
            if (Checksums.Of(header, content) is { } own && own != value) return S3Answer.Error(400, "BadDigest");
            checksum = (header, value);
        }

        return null;
    }

    /// <summary>Chunks are <c>400;chunk-signature=ab…\r\n(1024 bytes)\r\n</c>, the last of size 0, then trailing headers.</summary>
    private static S3Answer? Unchunk(HttpRequest request, in SignedRequest signed, byte[] raw, List<(string, string)> sums, out byte[] content)
    {
        content = [];
        var isSigned = signed.ContentHash.StartsWith(SignedChunks, StringComparison.Ordinal);
        if (!isSigned && signed.ContentHash != UnsignedChunks) return S3Answer.Error(400, "InvalidRequest");
        using var decoded = new MemoryStream();
        var previous = signed.Signature;
        for (var at = 0; ;)
        {
            if (Line(raw, ref at) is not { } head) return S3Answer.Error(400, "IncompleteBody");
            var fields = head.Split(';', 2);
            if (!int.TryParse(fields[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0 || size > raw.Length - at) return S3Answer.Error(400, "IncompleteBody");
            var chunk = raw.AsSpan(at, size);
            if (isSigned)
            {
                var own = SigV4.ChunkSignature(signed, previous, chunk);
                if (fields.Length != 2 || fields[1] != $"chunk-signature={own}") return S3Answer.Error(403, "SignatureDoesNotMatch");
                previous = own;
            }

            if (size == 0)
            {
                content = decoded.ToArray();
                return Trailers(request, signed, raw, at, previous, sums, content.Length);
            }

            decoded.Write(chunk);
            at += size + 2;
        }
    }

    private static S3Answer? Trailers(HttpRequest request, in SignedRequest signed, byte[] raw, int at, string previous, List<(string, string)> sums, int length)
    {
        var all = new StringBuilder();
        while (Line(raw, ref at) is { Length: > 0 } line)
        {
            var field = line.Split(':', 2, StringSplitOptions.TrimEntries);
            if (field.Length != 2) return S3Answer.Error(400, "MalformedTrailerError");
            if (field[0] == "x-amz-trailer-signature")
            {
                if (field[1] != SigV4.TrailerSignature(signed, previous, all.ToString())) return S3Answer.Error(403, "SignatureDoesNotMatch");
                continue;
            }

            all.Append(field[0]).Append(':').Append(field[1]).Append('\n');
            if (field[0].StartsWith(Checksums.Prefix, StringComparison.Ordinal)) sums.Add((field[0], field[1]));
        }

        var announced = request.Headers["x-amz-trailer"].ToString();
        if (announced.Length > 0 && !sums.Exists(s => s.Item1 == announced)) return S3Answer.Error(400, "MalformedTrailerError");
        return request.Headers["x-amz-decoded-content-length"] == length.ToString(CultureInfo.InvariantCulture) ? null : S3Answer.Error(400, "IncompleteBody");
    }

    private static string? Line(byte[] raw, ref int at)
    {
        if (at > raw.Length) return null;
        var end = raw.AsSpan(at).IndexOf("\r\n"u8);
        if (end < 0) return null;
        var line = Encoding.ASCII.GetString(raw, at, end);
        at += end + 2;
        return line;
    }
}
