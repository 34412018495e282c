using System.Security.Cryptography;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using Shouldly;
using Xunit;
using static HyperBdr.Engine.Tests.Keys.KeySamples;

namespace HyperBdr.Engine.Tests.Keys;

public sealed class RepositoryConfigs
{
    private const int AfterSum = 32;

    [Fact]
    public void The_bytes_never_change_and_give_the_same_config()
    {
        using var ring = Fixed();
        var config = RepositoryConfig.Create(ring, new ChunkingConstants(4, 4, 64, 1), Then);
        var bytes = config.Seal(ring);
        Convert.ToHexStringLower(SHA256.HashData(bytes)).ShouldBe("3501e89936608f5d91d9672bb95e1497aef24896e7ec420463fe21e62bf88859");
        RepositoryConfig.Parse(bytes).ShouldBe(config);
        RepositoryConfig.Verify(bytes, ring).ShouldBe(config);
    }

    [Fact]
    public void Something_else_is_no_repository()
    {
        FaultOf(() => RepositoryConfig.Parse([])).ShouldBe(Fault.NoRepository);
        FaultOf(() => RepositoryConfig.Parse("HBDRREP"u8)).ShouldBe(Fault.NoRepository);
        FaultOf(() => RepositoryConfig.Parse("{\"version\":2,\"id\":\"another tool's repository\"}"u8)).ShouldBe(Fault.NoRepository);
    }

    [Fact]
    public void A_later_format_is_refused_whatever_else_it_holds()
    {
        FaultOf(() => RepositoryConfig.Parse([.. "HBDRREPO"u8, 2, 0, 1, 2, 3])).ShouldBe(Fault.NewerFormat);
        FaultOf(() => RepositoryConfig.Parse([.. "HBDRREPO"u8, 0, 0, 1, 2, 3])).ShouldBe(Fault.Corrupt);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(63)]
    public void An_unknown_mandatory_feature_is_refused_by_name(int bit)
    {
        using var ring = Fixed();
        var bytes = (RepositoryConfig.Create(ring, ChunkingConstants.Default, Then) with { Mandatory = 1UL << bit }).Seal(ring);
        var error = Should.Throw<EngineException>(() => RepositoryConfig.Parse(bytes));
        error.Fault.ShouldBe(Fault.NewerFormat);
        error.Message.ShouldContain($"feature {bit},");
    }

    [Fact]
    public void An_unknown_optional_feature_is_kept()
    {
        using var ring = Fixed();
        var config = RepositoryConfig.Create(ring, ChunkingConstants.Default, Then) with { Optional = ulong.MaxValue };
        RepositoryConfig.Verify(config.Seal(ring), ring).ShouldBe(config);
    }

    [Fact]
    public void A_config_that_another_wrote_is_found_after_unlocking()
    {
        using var ring = Fixed();
        using var forged = KeyRing.Create(Tenant, RepositoryId, Then);
        var bytes = RepositoryConfig.Create(forged, ChunkingConstants.Default, Then).Seal(forged);
        RepositoryConfig.Parse(bytes).RepositoryId.ShouldBe(RepositoryId);
        FaultOf(() => RepositoryConfig.Verify(bytes, ring)).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void The_config_of_another_repository_is_foreign()
    {
        using var ring = Fixed();
        using var other = Fixed(OtherRepository);
        var config = RepositoryConfig.Create(other, ChunkingConstants.Default, Then);
        FaultOf(() => RepositoryConfig.Verify(config.Seal(other), ring)).ShouldBe(Fault.ForeignRepository);
        FaultOf(() => config.Seal(ring)).ShouldBe(Fault.ForeignRepository);
    }

    [Theory]
    [InlineData(72, 0)]
    [InlineData(72, 65)]
    [InlineData(74, 65)]
    [InlineData(75, 1)]
    [InlineData(76, 17)]
    [InlineData(78, 1)]
    [InlineData(10, 1)]
    public void A_field_outside_of_its_limits_is_refused_under_a_right_checksum(int at, byte value)
    {
        using var ring = Fixed();
        var bytes = RepositoryConfig.Create(ring, ChunkingConstants.Default, Then).Seal(ring);
        bytes[at] = value;
        FaultOf(() => RepositoryConfig.Parse(Resum(bytes, AfterSum))).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void Constants_outside_of_the_limits_make_no_repository()
    {
        using var ring = Fixed();
        FaultOf(() => RepositoryConfig.Create(ring, new(8, 4, 4, 1), Then)).ShouldBe(Fault.InvalidArgument);
    }

    [Fact]
    public void Changed_bytes_are_never_believed()
    {
        using var ring = Fixed();
        var bytes = RepositoryConfig.Create(ring, ChunkingConstants.Default, Then).Seal(ring);
        foreach (var changed in Mutations(bytes, 2000))
        {
            Should.Throw<EngineException>(() => RepositoryConfig.Verify(changed, ring));
            if (changed.Length != bytes.Length || Resum(changed, AfterSum).AsSpan().SequenceEqual(bytes)) continue;
            Should.Throw<EngineException>(() => RepositoryConfig.Verify(changed, ring));
        }
    }
}
