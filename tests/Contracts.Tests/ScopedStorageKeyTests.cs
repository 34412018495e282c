using HyperBdr.Contracts.Security;
using Shouldly;
using Xunit;

namespace HyperBdr.Contracts.Tests;

public sealed class ScopedStorageKeyTests
{
    private static readonly StorageScope Scope = new("backups", "tenant/", StorageRight.Writer, 1_800_000_000, "session-1");

    [Fact]
    public void The_owner_secret_alone_checks_a_token_and_gives_its_secret()
    {
        var key = ScopedStorageKey.Derive("AK", "owner secret", Scope);
        ScopedStorageKey.Verify("owner secret", key.SessionToken).ShouldBe((Scope, key.SecretKey));
        ScopedStorageKey.Verify("another secret", key.SessionToken).ShouldBeNull();
    }

    [Fact]
    public void A_token_with_any_changed_character_is_none()
    {
        var token = ScopedStorageKey.Derive("AK", "owner secret", Scope).SessionToken;
        for (var at = 0; at < token.Length; at++)
        {
            var changed = token.ToCharArray();
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            ScopedStorageKey.Verify("owner secret", new string(changed)).ShouldBeNull($"character {at}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.b.c")]
    public void What_is_no_token_is_refused(string token) => ScopedStorageKey.Verify("owner secret", token).ShouldBeNull();
}
