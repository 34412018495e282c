using HyperBdr.Porter.Domain;
using Shouldly;
using Xunit;

namespace HyperBdr.Porter.Tests;

public sealed class EnrolmentTokenRules
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_secret_has_256_bits_and_only_its_hash_is_kept()
    {
        var (token, secret) = Create();
        var (_, other) = Create();

        secret.ShouldStartWith("hbe_");
        secret.Length.ShouldBe("hbe_".Length + 43);
        secret.ShouldNotBe(other);
        token.SecretHash.ShouldBe(EnrolmentToken.HashOf(secret));
        token.SecretHash.Length.ShouldBe(32);
    }

    [Theory]
    [InlineData(59)]
    [InlineData(3601)]
    [InlineData(0)]
    public void A_lifetime_out_of_range_is_refused(int seconds) =>
        Should.Throw<ArgumentOutOfRangeException>(() => EnrolmentToken.Create(Guid.CreateVersion7(), "t", "ada", TimeSpan.FromSeconds(seconds), Now));

    [Fact]
    public void It_can_be_claimed_once_and_only_in_its_time()
    {
        var (token, _) = Create();

        Claim(token, Now.AddSeconds(599)).IsError.ShouldBeFalse();
        token.StateAt(Now.AddSeconds(599)).ShouldBe(EnrolmentTokenState.Used);
        Claim(token, Now.AddSeconds(599)).Error.ShouldBe(EnrolmentToken.NotUsable);

        var (late, _) = Create();
        late.StateAt(Now.AddSeconds(600)).ShouldBe(EnrolmentTokenState.Expired);
        Claim(late, Now.AddSeconds(600)).Error.ShouldBe(EnrolmentToken.NotUsable);
    }

    [Fact]
    public void A_revoked_token_stays_revoked_and_a_used_one_cannot_be_revoked()
    {
        var (token, _) = Create();
        token.Revoke(Now).Value.ShouldBeTrue();
        token.Revoke(Now.AddDays(1)).Value.ShouldBeFalse();
        token.RevokedAt.ShouldBe(Now);
        Claim(token, Now).Error.ShouldBe(EnrolmentToken.NotUsable);

        var (used, _) = Create();
        Claim(used, Now);
        used.Revoke(Now).Error.ShouldBe(EnrolmentToken.Ended);
    }

    private static Contracts.Errors.Result<Contracts.Errors.Done> Claim(EnrolmentToken token, DateTimeOffset now) => token.Claim(Guid.CreateVersion7(), new byte[32], now);

    private static (EnrolmentToken Token, string Secret) Create() => EnrolmentToken.Create(Guid.CreateVersion7(), "rack 4", "ada", TimeSpan.FromSeconds(600), Now);
}
