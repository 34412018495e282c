using System.Text;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Credentials;

/// <summary>Makes the platform and its first administrator when there is no user yet: a random password, in a file that only the installation's own user reads.</summary>
/// <remarks>
/// The file comes before the account: a kill between the two leaves a password without an account, and the next start takes that password.
/// Two processes at once agree through the file (the first one to name it wins) and the unique user name.
/// </remarks>
public sealed partial class FirstAdministrator(IServiceScopeFactory scopes, SecretFiles secrets, PasswordHashing passwords, TimeProvider time, ILogger<FirstAdministrator> log) : IHostedService
{
    public const string Username = "admin";

    public string PasswordFile => Path.Combine(secrets.Folder, "first-admin-password");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("identity", Tenants.Platform);
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        if (await db.Users.IgnoreQueryFilters().AnyAsync(cancellationToken)) return;
        if (!File.Exists(PasswordFile)) SecretFiles.WriteOnce(PasswordFile, Encoding.ASCII.GetBytes(PasswordRules.Random() + "\n"));
        var password = (await File.ReadAllTextAsync(PasswordFile, cancellationToken)).Trim();
        if (PasswordRules.Broken(password, Username).Any()) throw new InvalidDataException($"{PasswordFile} holds no usable password: remove that file and start again.");
        Add(db, await passwords.HashAsync(password, cancellationToken));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            Made(log, PasswordFile);
        }
        catch (DbUpdateException e) when (e.IsDuplicate())
        {
            MadeByAnother(log);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The file's password opens nothing any more; keeping it would only mislead.</summary>
    internal void ForgetPassword(User user)
    {
        if (user.TenantId == Tenants.Platform && user.UsernameKey == Username) File.Delete(PasswordFile);
    }

    private void Add(IdentityDb db, string hash)
    {
        var now = time.GetUtcNow();
        db.Tenants.Add(new Tenant { Id = Tenants.Platform, Name = "Platform", NameKey = Tenant.KeyOf("Platform"), Scene = "all", CreatedAt = now });
        var admin = new User
        {
            Id = Guid.CreateVersion7(), TenantId = Tenants.Platform, Username = Username, UsernameKey = Username, Role = Roles.PlatformAdmin,
            PasswordHash = hash, MustChangePassword = true, CreatedAt = now,
        };
        db.Users.Add(admin);
        db.Add(new UserCreated(admin.Id, admin.Username, admin.Role) { TenantId = admin.TenantId, OccurredAt = now });
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "Made the first administrator; the password is in {File} until it is changed")]
    private static partial void Made(ILogger log, string file);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Information, Message = "Another process made the first administrator")]
    private static partial void MadeByAnother(ILogger log);
}
