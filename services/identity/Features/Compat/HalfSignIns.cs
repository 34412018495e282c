using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using StackExchange.Redis;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>Sign-ins over the programming interface whose password was right and whose second factor is awaited, five minutes each, in Redis.</summary>
internal sealed class HalfSignIns(IConnectionMultiplexer redis, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <returns>The token that names it.</returns>
    public async Task<string> BeginAsync(User user)
    {
        var token = Tokens.New();
        var until = (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        await redis.GetDatabase().StringSetAsync(Key(token), $"{user.Id} {user.Epoch} {until}", Lifetime);
        return token;
    }

    /// <summary>Whose it is, and the user's epoch at its beginning.</summary>
    public async Task<(Guid UserId, int Epoch)?> FindAsync(string token)
    {
        var value = (await redis.GetDatabase().StringGetAsync(Key(token))).ToString();
        if (value.Split(' ') is not [var user, var epoch, var until] || time.GetUtcNow().ToUnixTimeSeconds() >= long.Parse(until)) return null;
        return (Guid.Parse(user), int.Parse(epoch));
    }

    /// <summary>True for the one caller that ends it.</summary>
    public Task<bool> EndAsync(string token) => redis.GetDatabase().KeyDeleteAsync(Key(token));

    private static RedisKey Key(string token) => $"identity:mfa:{Tokens.NameOf(token)}";
}
