namespace HyperBdr.Gateway.Tls;

/// <summary>A certificate file that cannot be used. The message is one line: what is wrong and what to do.</summary>
public sealed class CertificateProblemException : Exception
{
    public CertificateProblemException(string message)
        : base(message)
    {
    }

    public CertificateProblemException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public CertificateProblemException()
    {
    }
}
