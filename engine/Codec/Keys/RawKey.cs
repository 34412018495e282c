namespace HyperBdr.Engine.Codec.Keys;

/// <summary>A key-encryption key of 32 random bytes, from a <see cref="KeyFile"/> or from a service that keeps the tenant's key.</summary>
public sealed class RawKey : KeySource, ISlotLock
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = KeyDerivation.KeySize;

    private readonly SecretBytes key;

    /// <summary>From exactly 32 bytes, which are copied.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public RawKey(ReadOnlySpan<byte> key) => this.key = key.Length == Size
        ? SecretBytes.CopyOf(key)
        : throw new EngineException(Fault.InvalidArgument, "key", $"needs {Size} bytes, got {key.Length}");

    private RawKey(SecretBytes key) => this.key = key;

    /// <inheritdoc cref="KeySource.Kind"/>
    public override KeySlotKind Kind => KeySlotKind.Raw;

    internal ReadOnlySpan<byte> Bytes => key.Span;

    /// <summary>A new key from the system's random source.</summary>
    public static RawKey Create() => new(SecretBytes.Random(Size));

    internal override SecretBytes KeyFor(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> lockFields, string name) => SecretBytes.CopyOf(key.Span);

    SlotLock ISlotLock.Lock(ReadOnlySpan<byte> salt) => new([], SecretBytes.CopyOf(key.Span));

    private protected override void Zero() => key.Dispose();
}
