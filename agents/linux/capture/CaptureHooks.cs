namespace HyperBdr.Capture;

/// <summary>What brings the applications to rest around the freeze.</summary>
/// <param name="QuiesceAsync">Called when only little is left to be copied; it fails with <see cref="HookFailedException"/>.</param>
/// <param name="ResumeAsync">Called after it on every path, also when it failed or the capture was cancelled.</param>
/// <param name="IsRequired">True: when the hook fails there is no point. False: there is one, and it does not count as application-consistent.</param>
public sealed record CaptureHooks(Func<CancellationToken, Task> QuiesceAsync, Func<CancellationToken, Task> ResumeAsync, bool IsRequired = false);

/// <summary>A script before or after the freeze failed.</summary>
public sealed class HookFailedException(string message, Exception? inner = null) : Exception(message, inner);
