using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

public sealed class Passwords
{
    [Theory]
    [InlineData("Correct-Horse-7", true)]
    [InlineData("Zürich8-am-See", true)]
    [InlineData("Short-7", false)]
    [InlineData("correct-horse-7", false)]
    [InlineData("CORRECT-HORSE-7", false)]
    [InlineData("Correct-Horse-x", false)]
    [InlineData("Correct Horse 7", false)]
    [InlineData("Password123", false)]
    [InlineData("Someone.Name1", false)]
    public void Rules_are_kept(string password, bool accepted) =>
        PasswordRules.Broken(password, "someone.name1").Any().ShouldBe(!accepted);

    [Theory]
    [InlineData(8, true)]
    [InlineData(64, true)]
    [InlineData(7, false)]
    [InlineData(65, false)]
    public void Lengths_are_kept(int length, bool accepted) =>
        PasswordRules.Broken("Kq7" + new string('v', length - 3), null).Any().ShouldBe(!accepted);

    [Fact]
    public async Task A_stored_password_opens_only_with_itself_and_costs_what_it_should()
    {
        using var hashing = new PasswordHashing();
        var stored = await hashing.HashAsync("Correct-Horse-7", CancellationToken.None);

        stored.Split('$')[..2].ShouldBe(["pbkdf2-sha512", "210000"]);
        stored.ShouldNotBe(await hashing.HashAsync("Correct-Horse-7", CancellationToken.None));
        (await hashing.VerifyAsync("Correct-Horse-7", stored, CancellationToken.None)).ShouldBeTrue();
        (await hashing.VerifyAsync("Correct-Horse-8", stored, CancellationToken.None)).ShouldBeFalse();
        (await hashing.VerifyAsync("Correct-Horse-7", null, CancellationToken.None)).ShouldBeFalse();
    }
}
