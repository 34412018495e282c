using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace HyperBdr.Identity.Features.Principals;

/// <summary>Calls signed with an access key: hex HMAC-SHA256 over method, path, sorted query, time, nonce and hex SHA-256 of the body, one per line.</summary>
/// <remarks>Five minutes of clock difference each way; a nonce counts once in ten minutes. Without Redis no nonce can be checked, so nothing is accepted.</remarks>
internal sealed class SignedCalls(IdentityDb db, IConnectionMultiplexer redis, Envelope envelope, AccountCache accounts, TimeProvider time)
{
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan NonceKept = TimeSpan.FromMinutes(10);
    private const int LongestNonce = 128;
    private const int ShortestNonce = 8;

    public async Task<Account?> VerifyAsync(VerifySignatureRequest call, CancellationToken ct)
    {
        if (Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - (decimal)call.TimestampUnixS) > (decimal)ClockDifference.TotalSeconds) return null;
        if (call.Nonce.Length is < ShortestNonce or > LongestNonce) return null;
        var key = await db.AccessKeys.IgnoreQueryFilters().AsNoTracking().SingleOrDefaultAsync(k => k.Key == call.AccessKey, ct);
        // An unknown key costs the same and fails at the comparison.
        var secret = key is null ? Tokens.New() : envelope.Open(key.SealedSecret, AccessKey.ContextOf(key.Id));
        if (!SignatureIs(secret, call) || key is not { Enabled: true }) return null;
        if (await accounts.FindAsync(db, key.UserId, a => a.Active, ct) is not { } account) return null;
        // Last, so that only a rightly signed call uses a nonce up.
        var nonce = Tokens.NameOf($"{key.Key}\n{call.Nonce}");
        return await redis.GetDatabase().StringSetAsync($"identity:nonce:{nonce}", 1, NonceKept, When.NotExists) ? account : null;
    }

    /// <summary>The text that is signed.</summary>
    internal static string TextOf(VerifySignatureRequest call) => string.Join('\n',
        call.Method, call.Path, call.SortedQuery, call.TimestampUnixS.ToString(CultureInfo.InvariantCulture), call.Nonce, call.BodySha256Hex.ToLowerInvariant());

    private static bool SignatureIs(string secret, VerifySignatureRequest call)
    {
        var right = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(TextOf(call))));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(right), Encoding.UTF8.GetBytes(call.SignatureHex.ToLowerInvariant()));
    }
}
