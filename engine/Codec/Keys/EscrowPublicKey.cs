using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>The public half of an offline key pair on the curve P-384; locks a slot that only the private half opens.</summary>
/// <remarks>ECDH, ephemeral to static (SP 800-56A, C(1e, 1s)): the ephemeral private key is gone once the slot is made.</remarks>
public sealed class EscrowPublicKey : ISlotLock
{
    private readonly byte[] point;

    internal EscrowPublicKey(ReadOnlySpan<byte> point) => this.point = point.ToArray();

    /// <inheritdoc/>
    public KeySlotKind Kind => KeySlotKind.Escrow;

    /// <summary>64 lower-case hexadecimal digits: SHA-256 of the point, to compare with what is on paper.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(point));

    internal ReadOnlySpan<byte> Point => point;

    /// <summary>From PEM: <c>PUBLIC KEY</c> (SubjectPublicKeyInfo), as <c>openssl ec -pubout</c> writes it.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: no PEM, or not a P-384 key.</exception>
    public static EscrowPublicKey FromPem(string pem)
    {
        using var key = EscrowPem.Import(pem, passphrase: null);
        return new(EscrowPoint.Write(key));
    }

    /// <summary>As PEM, <c>PUBLIC KEY</c>.</summary>
    public string ToPem()
    {
        using var key = Open();
        return key.ExportSubjectPublicKeyInfoPem();
    }

    SlotLock ISlotLock.Lock(ReadOnlySpan<byte> salt)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using var recipient = Open();
        byte[] fields = [.. EscrowPoint.Write(ephemeral), .. point];
        return new(fields, EscrowPoint.Agree(ephemeral, recipient, salt, fields));
    }

    private ECDiffieHellman Open() => EscrowPoint.Read(point) ?? throw new EngineException(Fault.Corrupt, "escrow key", "is no point of P-384");
}
