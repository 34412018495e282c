namespace HyperBdr.AppHost.Processes;

/// <summary>Something outside the program is wrong; the message is one line that says what, and what to do.</summary>
public sealed class StartProblemException : Exception
{
    public StartProblemException() { }
    public StartProblemException(string message) : base(message) { }
    public StartProblemException(string message, Exception inner) : base(message, inner) { }
}
