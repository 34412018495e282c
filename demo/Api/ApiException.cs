namespace HyperBdr.Demo.Api;

/// <summary>The suite refused a call, or did not do what was asked; the message is the suite's own.</summary>
public sealed class ApiException(string message) : Exception(message);
