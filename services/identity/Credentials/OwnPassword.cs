using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;

namespace HyperBdr.Identity.Credentials;

/// <summary>The change of a password by the person it belongs to.</summary>
public sealed class OwnPassword(IdentityDb db, Proof proof, PasswordHashing passwords, FirstAdministrator first, CallContext call, TimeProvider time)
{
    public async Task<Result<Done>> ChangeAsync(User user, string? oldPassword, string? newPassword, CancellationToken ct)
    {
        call.Record?.Concerns("user", user.Id, user.Username);
        var wrong = new FieldErrors().Required("old_password", oldPassword).Password("new_password", newPassword, user.Username)
            .When(!string.IsNullOrEmpty(newPassword) && oldPassword == newPassword, "new_password", "Not the present password again.").Error;
        if (wrong is not null) return wrong;
        var proved = await proof.AgainAsync(user, oldPassword!, "old_password", ct);
        if (proved.IsError) return proved.Error;
        user.SetPassword(await passwords.HashAsync(newPassword!, ct), mustChange: false);
        db.Add(new UserChanged(user.Id, user.Username, "password_changed") { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
        await db.SaveChangesAsync(ct);
        first.ForgetPassword(user);
        return Done.Instance;
    }
}
