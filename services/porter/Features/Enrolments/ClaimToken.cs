using HyperBdr.Contracts.Errors;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>Uses a token up for one agent: the secret alone says which tenant the agent will belong to.</summary>
/// <remarks>Every refusal reads the same, so that a guess learns nothing. What the caller adds to the context commits with the claim.</remarks>
internal static class ClaimToken
{
    internal sealed class Handler(PorterDb db, TimeProvider time)
    {
        public async Task<Result<EnrolmentToken>> HandleAsync(string secret, CancellationToken ct)
        {
            var hash = EnrolmentToken.HashOf(secret);
            // An agent that enrols has no tenant yet: the token gives it one.
            var token = await db.EnrolmentTokens.IgnoreQueryFilters().SingleOrDefaultAsync(t => t.SecretHash == hash, ct);
            if (token is null) return EnrolmentToken.NotUsable;
            var claimed = token.Claim(time.GetUtcNow());
            if (claimed.IsError) return claimed.Error;
            try
            {
                await db.SaveChangesAsync(ct);
                return token;
            }
            catch (DbUpdateConcurrencyException)
            {
                // Another agent, or a revocation, was first.
                return EnrolmentToken.NotUsable;
            }
        }
    }
}
