using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Credentials;

/// <summary>Checks who somebody says to be: password and second factor, with back-off, audit and the same answer for every kind of wrong.</summary>
public sealed class Proof(IdentityDb db, PasswordHashing passwords, SecondFactor secondFactor, BackOff backOff, CallContext call, TimeProvider time)
{
    public static readonly Error Wrong = new(ErrorKind.Unauthenticated, "identity.session.wrong", "The user name or the password is not right.");
    public static readonly Error WrongCode = new(ErrorKind.Unauthenticated, "identity.session.wrong_code", "The code is not right or was used already.");
    public static readonly Error Disabled = new(ErrorKind.Forbidden, "identity.session.disabled", "This account is disabled; ask your administrator.");

    /// <summary>The account of that name and password. The try is taken back, and the count cleared only by <see cref="CompleteAsync"/>.</summary>
    public async Task<Result<User>> ByPasswordAsync(string username, string password, CancellationToken ct)
    {
        var key = User.KeyOf(username);
        var user = await db.Users.IgnoreQueryFilters().Include(u => u.Tenant).SingleOrDefaultAsync(u => u.UsernameKey == key, ct);
        Blame(user);
        var taken = await backOff.TakeAsync(key, ct);
        if (taken.IsError) return taken.Error;
        if (!await passwords.VerifyAsync(password, user?.PasswordHash, ct)) return await WrongAsync(user, taken.Value, Wrong, ct);
        await backOff.TakeBackAsync(key, ct);
        if (!user!.Enabled || !user.Tenant.Enabled) return Disabled;
        Credit(user);
        return user;
    }

    /// <summary>The signed-in user's own password once more, before something that matters.</summary>
    public async Task<Result<Done>> AgainAsync(User user, string password, string field, CancellationToken ct)
    {
        var taken = await backOff.TakeAsync(user.UsernameKey, ct);
        if (taken.IsError) return taken.Error;
        if (!await passwords.VerifyAsync(password, user.PasswordHash, ct))
            return await WrongAsync(user, taken.Value, Error.Field(field, "This is not the present password."), ct);
        await backOff.TakeBackAsync(user.UsernameKey, ct);
        return Done.Instance;
    }

    /// <summary>The second factor of an account whose password was right.</summary>
    public async Task<Result<Done>> ByCodeAsync(User user, string code, CancellationToken ct)
    {
        Blame(user);
        var taken = await backOff.TakeAsync(user.UsernameKey, ct);
        if (taken.IsError) return taken.Error;
        if (!await secondFactor.PassAsync(user, code, ct)) return await WrongAsync(user, taken.Value, WrongCode, ct);
        await backOff.TakeBackAsync(user.UsernameKey, ct);
        Credit(user);
        return Done.Instance;
    }

    /// <summary>Everything was proved: earlier failures no longer count.</summary>
    public Task CompleteAsync(User user, CancellationToken ct) => backOff.ForgetAsync(user.UsernameKey, ct);

    /// <summary>Until the proof is right the caller stays anonymous, but the entry stands in the tenant of the account that was tried.</summary>
    private void Blame(User? user)
    {
        if (user is null) return;
        call.Record?.By(Caller.Anonymous with { TenantId = user.TenantId });
        call.Record?.Concerns("user", user.Id, user.Username);
    }

    private void Credit(User user) =>
        call.Record?.By(new Caller(user.Id, user.Username, user.TenantId, user.Role, "session"));

    private async Task<Error> WrongAsync(User? user, int failures, Error error, CancellationToken ct)
    {
        if (user is null || failures != BackOff.PerAccount) return error;
        call.Record?.Refuse(CallOutcome.Denied, error.Code);
        db.Add(new UserChanged(user.Id, user.Username, "locked") { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
        await db.SaveChangesAsync(ct);
        return error;
    }
}
