using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;

namespace HyperBdr.Identity.Features.Users;

/// <summary>New accounts, made by administrators: whoever gets one changes the password at the first sign-in.</summary>
internal sealed class NewUsers(IdentityDb db, PasswordHashing passwords, TimeProvider time)
{
    public static FieldErrors Check(FieldErrors faults, string? username, string? password, string? email, string prefix) =>
        faults.Username(prefix + "username", username).Password(prefix + "password", password, username).Profile(null, email, null, prefix);

    /// <summary>Adds it to the context with its event; the caller saves.</summary>
    public async Task<User> AddAsync(Tenant tenant, string username, string password, string role, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var user = new User
        {
            Id = Guid.CreateVersion7(now), TenantId = tenant.Id, Username = username, UsernameKey = User.KeyOf(username), Role = role,
            PasswordHash = await passwords.HashAsync(password, ct), MustChangePassword = true, CreatedAt = now,
        };
        db.Users.Add(user);
        db.Add(new UserCreated(user.Id, user.Username, user.Role) { TenantId = tenant.Id, OccurredAt = now });
        return user;
    }
}
