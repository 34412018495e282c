using System.Text;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>A passphrase, stretched with Argon2id (RFC 9106) version 0x13.</summary>
/// <remarks>Taken as its UTF-8 bytes exactly as typed. Each use costs what <see cref="PassphraseCost"/> says.</remarks>
public sealed class Passphrase : KeySource, ISlotLock
{
    private const int MaxBytes = 1024;

    private readonly SecretBytes text;
    private readonly PassphraseCost cost;

    /// <summary>From 1 to 1,024 bytes of UTF-8.</summary>
    /// <param name="text">The passphrase; copied.</param>
    /// <param name="cost">The cost of new slots; the default when null. Existing slots state their own.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public Passphrase(ReadOnlySpan<char> text, PassphraseCost? cost = null)
    {
        this.cost = cost ?? PassphraseCost.Default;
        if (!this.cost.IsAllowed) throw new EngineException(Fault.InvalidArgument, "passphrase", $"{this.cost} is outside of the limits");
        if (text.Length is 0 or > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes)
            throw new EngineException(Fault.InvalidArgument, "passphrase", $"needs 1 to {MaxBytes} bytes");
        this.text = new(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, this.text.Span);
    }

    /// <inheritdoc cref="KeySource.Kind"/>
    public override KeySlotKind Kind => KeySlotKind.Passphrase;

    internal override SecretBytes KeyFor(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> lockFields, string name) =>
        Stretch(salt, PassphraseCost.Read(lockFields, name));

    SlotLock ISlotLock.Lock(ReadOnlySpan<byte> salt) => new(cost.ToBytes(), Stretch(salt, cost));

    private protected override void Zero() => text.Dispose();

    private SecretBytes Stretch(ReadOnlySpan<byte> salt, PassphraseCost by)
    {
        var parameters = new Argon2Parameters.Builder(Argon2Parameters.Argon2id)
            .WithVersion(Argon2Parameters.Version13)
            .WithMemoryAsKB(by.MemoryKiB)
            .WithIterations(by.Iterations)
            .WithParallelism(by.Parallelism)
            .WithSalt(salt.ToArray())
            .Build();
        var generator = new Argon2BytesGenerator();
        generator.Init(parameters);

        // The library takes arrays: pinned ones of our own, zeroed after use, so that no copy stays.
        var password = GC.AllocateArray<byte>(text.Length, pinned: true);
        var derived = GC.AllocateArray<byte>(KeyDerivation.KeySize, pinned: true);
        try
        {
            text.Span.CopyTo(password);
            generator.GenerateBytes(password, derived);
            return SecretBytes.CopyOf(derived);
        }
        finally
        {
            password.AsSpan().Clear();
            derived.AsSpan().Clear();
        }
    }
}
