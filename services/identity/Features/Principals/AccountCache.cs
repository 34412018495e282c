using System.Collections.Concurrent;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Principals;

/// <summary>Accounts of the last two seconds, so that a page's burst of calls asks the database once.</summary>
/// <remarks>A yes may be two seconds old; a no is always decided on what the database says now. So a revocation acts within two seconds, and a new session at once.</remarks>
public sealed class AccountCache(TimeProvider time)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(2);
    private const int Most = 10_000;
    private readonly ConcurrentDictionary<Guid, (Account Account, DateTimeOffset Until)> known = new();

    /// <summary>The account if it satisfies <paramref name="accepts"/>, else null.</summary>
    public async Task<Account?> FindAsync(IdentityDb db, Guid userId, Func<Account, bool> accepts, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (known.TryGetValue(userId, out var entry) && now < entry.Until && accepts(entry.Account)) return entry.Account;
        var account = await LoadAsync(db, userId, ct);
        if (account is null)
        {
            known.TryRemove(userId, out _);
            return null;
        }

        if (known.Count >= Most) known.Clear();
        known[userId] = (account, now + FreshFor);
        return accepts(account) ? account : null;
    }

    private static Task<Account?> LoadAsync(IdentityDb db, Guid userId, CancellationToken ct) =>
        db.Users.IgnoreQueryFilters().Where(u => u.Id == userId)
            .Select(u => new Account(u.Id, u.Username, u.TenantId, u.Role, u.Enabled && u.Tenant.Enabled, u.MustChangePassword, u.TotpEnabled, u.Epoch))
            .SingleOrDefaultAsync(ct);
}
