using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>The private half of an offline key pair on the curve P-384: opens escrow slots.</summary>
public sealed class EscrowPrivateKey : KeySource
{
    private readonly ECDiffieHellman key;
    private readonly byte[] point;

    private EscrowPrivateKey(ECDiffieHellman key)
    {
        this.key = key;
        point = EscrowPoint.Write(key);
    }

    /// <inheritdoc/>
    public override KeySlotKind Kind => KeySlotKind.Escrow;

    /// <summary>The public half.</summary>
    public EscrowPublicKey PublicKey => new(point);

    /// <summary>From PEM: <c>EC PRIVATE KEY</c> (SEC 1), <c>PRIVATE KEY</c> (PKCS #8) or, with its passphrase, <c>ENCRYPTED PRIVATE KEY</c>.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: no PEM, another curve, no private key. <see cref="Fault.WrongKey"/>: the passphrase of the PEM.</exception>
    public static EscrowPrivateKey FromPem(string pem, string? passphrase = null)
    {
        var imported = EscrowPem.Import(pem, passphrase);
        if (EscrowPem.HasPrivateKey(imported)) return new(imported);
        imported.Dispose();
        throw new EngineException(Fault.InvalidArgument, "escrow key", "holds a public key; the private key opens the slot");
    }

    internal override SecretBytes KeyFor(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> lockFields, string name)
    {
        if (!lockFields[EscrowPoint.Size..].SequenceEqual(point))
            throw new EngineException(Fault.WrongKey, name, $"is for the escrow key {new EscrowPublicKey(lockFields[EscrowPoint.Size..]).Fingerprint}");
        using var ephemeral = EscrowPoint.Read(lockFields[..EscrowPoint.Size]);
        return ephemeral is not null
            ? EscrowPoint.Agree(key, ephemeral, salt, lockFields)
            : throw new EngineException(Fault.Corrupt, name, "its ephemeral key is no point of P-384");
    }

    private protected override void Zero() => key.Dispose();
}
