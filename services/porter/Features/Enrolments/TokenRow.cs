using System.Linq.Expressions;
using HyperBdr.Porter.Domain;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>An enrolment token as the API shows it; never its secret or hash.</summary>
public sealed record TokenRow(Guid Id, string Name, EnrolmentTokenState State, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, DateTimeOffset? RevokedAt)
{
    public static TokenRow Of(EnrolmentToken token, DateTimeOffset now) =>
        new(token.Id, token.Name, token.StateAt(now), token.CreatedBy, token.CreatedAt, token.ExpiresAt, token.UsedAt, token.RevokedAt);

    /// <summary>The rule of <see cref="EnrolmentToken.StateAt"/> in a form that the database can run.</summary>
    public static Expression<Func<EnrolmentToken, bool>> IsIn(EnrolmentTokenState state, DateTimeOffset now) => state switch
    {
        EnrolmentTokenState.Revoked => t => t.RevokedAt != null,
        EnrolmentTokenState.Used => t => t.RevokedAt == null && t.UsedAt != null,
        EnrolmentTokenState.Expired => t => t.RevokedAt == null && t.UsedAt == null && t.ExpiresAt <= now,
        _ => t => t.RevokedAt == null && t.UsedAt == null && t.ExpiresAt > now,
    };
}
