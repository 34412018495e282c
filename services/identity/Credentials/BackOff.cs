using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Credentials;

/// <summary>Slows down guessing: waits that grow after 10 failures of one account, and a limit of 100 per address and hour.</summary>
/// <remarks>
/// A try is counted before its proof is looked at, in one statement, so that parallel guesses cannot pass together; a right proof takes
/// its count back. Names that nobody has are counted alike. The counters are in the database: without it nobody signs in.
/// </remarks>
public sealed class BackOff(IdentityDb db, CallContext call, TimeProvider time, IHttpContextAccessor http)
{
    public const int PerAccount = 10;
    public const int PerAddress = 100;
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    public static readonly Error Wait = new(ErrorKind.TooMany, "identity.session.backoff", "Too many failed tries; wait and try again.");

    // What this call counted; a call that reached a limit is the one that set the wait, for nobody passes after it.
    private (int Account, int Address) taken;

    private byte[] Address => Tokens.HashOf($"address:{call.Caller.SourceIp ?? "unknown"}");

    /// <summary>Counts one try of the account from the caller's address.</summary>
    /// <returns>The account's failures with this one, or <see cref="Wait"/> (and the header Retry-After).</returns>
    public async Task<Result<int>> TakeAsync(string usernameKey, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await CountAddressAsync(now, ct) is not { } ofAddress) return await WaitAsync(Address, now, ct);
        var account = AccountKey(usernameKey);
        if (await CountAccountAsync(account, now, ct) is { } ofAccount)
        {
            taken = (ofAccount, ofAddress);
            return ofAccount;
        }

        await GiveBackAsync(Address, ofAddress >= PerAddress, ct);
        return await WaitAsync(account, now, ct);
    }

    /// <summary>The proof was right, but the sign-in is not complete: this try does not count, earlier ones do.</summary>
    public async Task TakeBackAsync(string usernameKey, CancellationToken ct)
    {
        await GiveBackAsync(Address, taken.Address >= PerAddress, ct);
        await GiveBackAsync(AccountKey(usernameKey), taken.Account >= PerAccount, ct);
    }

    /// <summary>A complete sign-in, or an administrator: the account begins anew.</summary>
    public async Task ForgetAsync(string usernameKey, CancellationToken ct)
    {
        var key = AccountKey(usernameKey);
        await db.SignInAttempts.Where(a => a.Key == key).ExecuteDeleteAsync(ct);
    }

    private static byte[] AccountKey(string usernameKey) => Tokens.HashOf($"account:{usernameKey}");

    /// <summary>From the 10th failure on, each one adds a wait: 1, 2, 4, 8, then 15 minutes. An hour without failure forgets.</summary>
    private async Task<int?> CountAccountAsync(byte[] key, DateTimeOffset now, CancellationToken ct)
    {
        var forget = now + Window;
        var counted = await db.Database.SqlQuery<int>($"""
            insert into sign_in_attempts as a (key, failures, forget_at) values ({key}, 1, {forget})
            on conflict (key) do update set
              failures = case when a.forget_at <= {now} then 1 else a.failures + 1 end,
              forget_at = {forget},
              blocked_until = case when a.forget_at > {now} and a.failures + 1 >= {PerAccount}
                then {now} + interval '1 minute' * least(15, power(2, least(a.failures + 1 - {PerAccount}, 10))) end
            where a.blocked_until is null or a.blocked_until <= {now}
            returning failures
            """).ToListAsync(ct);
        return counted.Count == 0 ? null : counted[0];
    }

    /// <summary>100 failures in the hour that began with the first one; then nothing until that hour is over.</summary>
    private async Task<int?> CountAddressAsync(DateTimeOffset now, CancellationToken ct)
    {
        var counted = await db.Database.SqlQuery<int>($"""
            insert into sign_in_attempts as a (key, failures, forget_at) values ({Address}, 1, {now + Window})
            on conflict (key) do update set
              failures = case when a.forget_at <= {now} then 1 else a.failures + 1 end,
              forget_at = case when a.forget_at <= {now} then {now + Window} else a.forget_at end,
              blocked_until = case when a.forget_at > {now} and a.failures + 1 >= {PerAddress} then a.forget_at end
            where a.blocked_until is null or a.blocked_until <= {now}
            returning failures
            """).ToListAsync(ct);
        return counted.Count == 0 ? null : counted[0];
    }

    private async Task GiveBackAsync(byte[] key, bool setWait, CancellationToken ct) =>
        await db.Database.ExecuteSqlAsync($"""
            update sign_in_attempts set failures = greatest(failures - 1, 0), blocked_until = case when not {setWait} then blocked_until end where key = {key}
            """, ct);

    private async Task<Error> WaitAsync(byte[] key, DateTimeOffset now, CancellationToken ct)
    {
        var until = await db.SignInAttempts.Where(a => a.Key == key).Select(a => a.BlockedUntil).SingleOrDefaultAsync(ct);
        var seconds = Math.Max(1, (long)Math.Ceiling(((until ?? now) - now).TotalSeconds));
        if (http.HttpContext is { } context) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Wait;
    }
}
