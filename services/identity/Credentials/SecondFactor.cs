using System.Security.Cryptography;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using OtpNet;

namespace HyperBdr.Identity.Credentials;

/// <summary>Time-based codes (RFC 6238: HMAC-SHA1, 30 s, 6 digits, one step of tolerance each way) and recovery codes. Each code works once.</summary>
public sealed class SecondFactor(IdentityDb db, Envelope envelope, TimeProvider time)
{
    public const int RecoveryCodes = 10;
    private const int SecretSize = 20;
    private const string Letters = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>Begins enrolment: a new secret that counts only after its first code.</summary>
    /// <returns>The secret in base32 and the address that authenticator apps read.</returns>
    public (string Secret, string Uri) Begin(User user)
    {
        var secret = Base32Encoding.ToString(RandomNumberGenerator.GetBytes(SecretSize)).TrimEnd('=');
        user.TotpSecret = envelope.Seal(secret, user.TotpContext);
        return (secret, $"otpauth://totp/HyperBdr:{Uri.EscapeDataString(user.Username)}?secret={secret}&issuer=HyperBdr&algorithm=SHA1&digits=6&period=30");
    }

    /// <summary>Ends enrolment when the code is right; the codes are shown now and never again.</summary>
    public async Task<IReadOnlyList<string>?> ConfirmAsync(User user, string code, CancellationToken ct)
    {
        if (user.TotpSecret is null || !Matches(user, Normal(code), out var step)) return null;
        (user.TotpEnabled, user.TotpLastStep) = (true, step);
        user.EndSessions();
        await db.RecoveryCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(ct);
        var codes = Enumerable.Range(0, RecoveryCodes).Select(_ => RandomNumberGenerator.GetString(Letters, 16)).ToList();
        db.RecoveryCodes.AddRange(codes.Select(c => new RecoveryCode { Id = Guid.CreateVersion7(), UserId = user.Id, Hash = HashOf(user, c) }));
        return codes.ConvertAll(c => string.Join('-', c.Chunk(4).Select(part => new string(part))));
    }

    /// <summary>True for a code that is right and was never used; uses it up at once, whatever else happens.</summary>
    public async Task<bool> PassAsync(User user, string code, CancellationToken ct)
    {
        var normal = Normal(code);
        if (normal.Length != 6) return await UseRecoveryCodeAsync(user, normal, ct);
        if (!Matches(user, normal, out var step)) return false;
        return await db.Users.IgnoreQueryFilters().Where(u => u.Id == user.Id && u.TotpLastStep < step)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.TotpLastStep, step), ct) == 1;
    }

    private static string Normal(string code) => code.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();

    private static byte[] HashOf(User user, string code) => Tokens.HashOf($"{user.Id}:{code}");

    private bool Matches(User user, string code, out long step)
    {
        var totp = new Totp(Base32Encoding.ToBytes(envelope.Open(user.TotpSecret, user.TotpContext)));
        return totp.VerifyTotp(time.GetUtcNow().UtcDateTime, code, out step, new VerificationWindow(previous: 1, future: 1)) && step > user.TotpLastStep;
    }

    private async Task<bool> UseRecoveryCodeAsync(User user, string code, CancellationToken ct)
    {
        var hash = HashOf(user, code);
        var now = time.GetUtcNow();
        return await db.RecoveryCodes.Where(c => c.UserId == user.Id && c.Hash == hash && c.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.UsedAt, now), ct) == 1;
    }
}
