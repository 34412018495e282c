namespace HyperBdr.Engine;

/// <summary>A failure of the engine with its closed <see cref="Fault"/>, the object it concerns and a sentence for people.</summary>
/// <param name="fault">What went wrong.</param>
/// <param name="subject">The object: a blob name, a device path with offset, a repository.</param>
/// <param name="message">What happened, for people; never holds a secret.</param>
/// <param name="inner">The cause, when there is one.</param>
public class EngineException(Fault fault, string subject, string message, Exception? inner = null)
    : Exception($"{subject}: {message}", inner)
{
    /// <summary>What went wrong.</summary>
    public Fault Fault { get; } = fault;

    /// <summary>The object that the failure concerns.</summary>
    public string Subject { get; } = subject;

    /// <summary>The stable code, for scripts.</summary>
    public string Code => Fault.Code();
}
