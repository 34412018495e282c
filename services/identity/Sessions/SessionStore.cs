using System.Globalization;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using StackExchange.Redis;

namespace HyperBdr.Identity.Sessions;

/// <summary>Sessions in Redis, by the hash of their token. A lost Redis signs everybody out; it never lets anybody in.</summary>
/// <remarks>
/// Times are compared by our own clock; Redis's expiry only clears away. The epoch of the user, checked by the caller against the database,
/// ends all sessions of a user in the transaction that changed the account, whether Redis answers at that moment or not.
/// </remarks>
public sealed class SessionStore(IConnectionMultiplexer redis, TimeProvider time)
{
    /// <summary>Idle time is measured this coarsely, so that a page full of calls costs one write.</summary>
    internal static readonly TimeSpan SeenGrain = TimeSpan.FromSeconds(15);

    // Never revives a session that was ended between reading and writing.
    private const string Touch = """
        if redis.call('exists', KEYS[1]) == 0 then return 0 end
        redis.call('hset', KEYS[1], 'seen', ARGV[1])
        redis.call('pexpire', KEYS[1], ARGV[2])
        return 1
        """;

    /// <returns>The session and its token, which exists nowhere else.</returns>
    public async Task<(Session Session, string Token)> BeginAsync(User user, string surface, bool totpPassed)
    {
        var token = Tokens.New();
        var now = time.GetUtcNow();
        var session = new Session(Tokens.NameOf(token), user.Id, surface, user.Epoch, totpPassed, user.Pending(totpPassed), now, now);
        var batch = redis.GetDatabase().CreateTransaction();
        var written = batch.HashSetAsync(Key(session.Id), Fields(session));
        var limited = batch.KeyExpireAsync(Key(session.Id), session.EndsAt - now);
        await batch.ExecuteAsync();
        await Task.WhenAll(written, limited);
        return (session, token);
    }

    /// <summary>The session of that token, kept alive by this; null when unknown or over.</summary>
    public Task<Session?> UseAsync(string token) => FindAsync(Tokens.NameOf(token), use: true);

    /// <summary>The session of that id, without keeping it alive.</summary>
    public Task<Session?> FindAsync(string id) => FindAsync(id, use: false);

    public Task EndAsync(string id) => redis.GetDatabase().KeyDeleteAsync(Key(id));

    private static RedisKey Key(string id) => $"identity:session:{id}";

    private async Task<Session?> FindAsync(string id, bool use)
    {
        var session = Parse(id, await redis.GetDatabase().HashGetAllAsync(Key(id)));
        if (session is null) return null;
        var now = time.GetUtcNow();
        if (now >= session.EndsAt)
        {
            await EndAsync(id);
            return null;
        }

        if (!use || now - session.SeenAt < SeenGrain) return session;
        session = session with { SeenAt = now };
        var alive = await redis.GetDatabase().ScriptEvaluateAsync(Touch, [Key(id)], [Text(now), (long)(session.EndsAt - now).TotalMilliseconds]);
        return (int)alive == 1 ? session : null;
    }

    private static HashEntry[] Fields(Session s) =>
    [
        new("user", s.UserId.ToString()), new("surface", s.Surface), new("epoch", s.Epoch), new("totp", s.TotpPassed), new("pending", s.Pending),
        new("started", Text(s.StartedAt)), new("seen", Text(s.SeenAt)),
    ];

    private static Session? Parse(string id, HashEntry[] fields)
    {
        if (fields.Length == 0) return null;
        var of = fields.ToDictionary(f => f.Name.ToString(), f => f.Value, StringComparer.Ordinal);
        return new Session(id, Guid.Parse(of["user"].ToString(), CultureInfo.InvariantCulture), of["surface"].ToString(), (int)of["epoch"], (bool)of["totp"], of["pending"].ToString(), Time(of["started"]), Time(of["seen"]));
    }

    private static string Text(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(RedisValue text) => DateTimeOffset.FromUnixTimeMilliseconds((long)text);
}
