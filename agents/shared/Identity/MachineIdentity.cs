using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Agents.Identity;

/// <summary>What a machine shows to the console, and what it demands of it.</summary>
/// <param name="machineId">The console's name for this machine.</param>
/// <param name="agentServerName">TLS server name that asks for the certificate.</param>
/// <param name="certificate">With its private key.</param>
/// <param name="issuers">Between the certificate and the authority.</param>
/// <param name="authority">What the console's certificate must chain to.</param>
public sealed class MachineIdentity(string machineId, string agentServerName, X509Certificate2 certificate, X509Certificate2Collection issuers, X509Certificate2 authority) : IDisposable
{
    public string MachineId { get; } = machineId;

    public string AgentServerName { get; } = agentServerName;

    public X509Certificate2 Certificate { get; } = certificate;

    public X509Certificate2Collection Issuers { get; } = issuers;

    public X509Certificate2 Authority { get; } = authority;

    /// <summary>O of the certificate's subject; empty when it has none.</summary>
    public string TenantId => Certificate.SubjectName.EnumerateRelativeDistinguishedNames().FirstOrDefault(n => !n.HasMultipleElements && n.GetSingleElementType().Value == "2.5.4.10")?.GetSingleElementValue() ?? "";

    public DateTimeOffset Begins => new(Certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    public DateTimeOffset Ends => new(Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    public void Dispose()
    {
        Certificate.Dispose();
        foreach (var issuer in Issuers) issuer.Dispose();
        Authority.Dispose();
    }

    /// <summary>Why the certificate cannot be used; null when it can. Its times are not looked at: this machine's clock may be wrong.</summary>
    internal string? Defect()
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Authority);
        chain.ChainPolicy.ExtraStore.AddRange(Issuers);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(Certificate) ? null : $"The console sent a certificate that its authority has not signed: {string.Join(", ", chain.ChainStatus.Select(s => s.Status))}.";
    }
}

/// <summary>The machine's identity cannot be used. The message says what to do.</summary>
public sealed class IdentityException : Exception
{
    public IdentityException(string message)
        : base(message)
    {
    }

    public IdentityException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public IdentityException()
    {
    }
}
