using HyperBdr.Engine.Stores;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests;

public sealed class BlobNames
{
    [Theory]
    [InlineData("config", true)]
    [InlineData("packs/ab/0123", true)]
    [InlineData("", false)]
    [InlineData("/a", false)]
    [InlineData("a/", false)]
    [InlineData("a//b", false)]
    [InlineData("../a", false)]
    [InlineData("a.b", false)]
    [InlineData("a/b/c/d/e/f/g/h/i", false)]
    public void A_name_is_parts_of_letters_digits_and_dashes(string text, bool valid) => BlobName.IsValid(text).ShouldBe(valid);
}
