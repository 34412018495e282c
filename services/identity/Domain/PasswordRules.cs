using System.Collections.Frozen;
using System.Security.Cryptography;

namespace HyperBdr.Identity.Domain;

/// <summary>Which passwords are taken.</summary>
public static class PasswordRules
{
    private const string Upper = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    private const string Lower = "abcdefghijkmnopqrstuvwxyz";
    private const string Digits = "23456789";

    private static readonly FrozenSet<string> Common = ReadCommon();

    /// <summary>One sentence for each broken rule.</summary>
    public static IEnumerable<string> Broken(string password, string? username)
    {
        if (password.Length is < 8 or > 64) yield return "8 to 64 characters.";
        if (!password.Any(char.IsUpper)) yield return "At least one upper-case letter.";
        if (!password.Any(char.IsLower)) yield return "At least one lower-case letter.";
        if (!password.Any(char.IsDigit)) yield return "At least one digit.";
        if (password.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) yield return "No spaces.";
        if (string.Equals(password, username, StringComparison.OrdinalIgnoreCase)) yield return "Not the user name.";
        if (Common.Contains(password.ToLowerInvariant())) yield return "This password is one of the most common ones.";
    }

    /// <summary>20 characters (over 110 bits) without look-alikes that satisfy every rule.</summary>
    public static string Random()
    {
        while (true)
        {
            var password = RandomNumberGenerator.GetString(Upper + Lower + Digits, 20);
            if (!Broken(password, null).Any()) return password;
        }
    }

    private static FrozenSet<string> ReadCommon()
    {
        using var stream = typeof(PasswordRules).Assembly.GetManifestResourceStream("common-passwords.txt") ?? throw new InvalidOperationException("The list of common passwords is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToFrozenSet(StringComparer.Ordinal);
    }
}
