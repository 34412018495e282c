namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Trying this event again cannot help: it goes to the <c>_error</c> queue at once, where people see it.</summary>
public sealed class PermanentFaultException(string message, Exception? inner = null) : Exception(message, inner);
