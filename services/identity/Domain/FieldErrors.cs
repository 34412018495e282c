using System.Net.Mail;
using HyperBdr.Contracts.Errors;

namespace HyperBdr.Identity.Domain;

/// <summary>Gathers what is wrong with a request, by field (snake_case), so that one answer names everything.</summary>
public sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> fields = new(StringComparer.Ordinal);

    public Error? Error => fields.Count == 0
        ? null
        : CommonErrors.Validation with { Fields = fields.ToDictionary(f => f.Key, f => f.Value.ToArray(), StringComparer.Ordinal) };

    public FieldErrors Add(string field, string message)
    {
        if (!fields.TryGetValue(field, out var messages)) fields[field] = messages = [];
        messages.Add(message);
        return this;
    }

    public FieldErrors When(bool wrong, string field, string message) => wrong ? Add(field, message) : this;

    public FieldErrors Required(string field, string? value) => When(string.IsNullOrEmpty(value), field, "This field is required.");

    public FieldErrors AtMost(string field, string? value, int length) => When(value?.Length > length, field, $"At most {length} characters.");

    public FieldErrors OneOf(string field, string? value, IReadOnlyList<string> allowed) =>
        When(value is not null && !allowed.Contains(value), field, $"One of: {string.Join(", ", allowed)}.");

    public FieldErrors Username(string field, string? value)
    {
        if (string.IsNullOrEmpty(value)) return Required(field, value);
        var wellFormed = value.Length is >= 2 and <= User.LongestName && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@') && char.IsAsciiLetterOrDigit(value[0]);
        return When(!wellFormed, field, "2 to 64 letters, digits, '.', '_', '-' or '@', beginning with a letter or digit.");
    }

    public FieldErrors TenantName(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) return Required(field, value?.Trim());
        return AtMost(field, value, 64).When(value.Any(char.IsControl), field, "No control characters.");
    }

    public FieldErrors Profile(string? nickname, string? email, string? language, string prefix = "") =>
        AtMost(prefix + "nickname", nickname, 64)
            .When(nickname?.Any(char.IsControl) == true, prefix + "nickname", "No control characters.")
            .When(!string.IsNullOrEmpty(email) && (email.Length > 254 || !MailAddress.TryCreate(email, out var parsed) || parsed.Address != email), prefix + "email", "Not an e-mail address.")
            .OneOf(prefix + "language", language, User.Languages);

    public FieldErrors Password(string field, string? value, string? username)
    {
        if (string.IsNullOrEmpty(value)) return Required(field, value);
        foreach (var message in PasswordRules.Broken(value, username)) Add(field, message);
        return this;
    }
}
