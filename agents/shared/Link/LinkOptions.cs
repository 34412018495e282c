using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Link;

/// <summary>How a program holds its link.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Inventory">What the machine is now; called at each connection and when the console asks.</param>
public sealed record LinkOptions(string Version, Func<CancellationToken, Task<Inventory>> Inventory)
{
    /// <summary>What is not as it should be on this machine; asked for with each beat.</summary>
    public Func<IReadOnlyList<Condition>> Conditions { get; init; } = () => [];

    /// <summary>Ceiling of the first wait before a new connection.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Ceiling of all waits.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A link that lived so long begins with short waits again.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan WelcomeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A result that the console has not said to have kept is sent again.</summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan ProgressEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A dismissed machine asks again: its quarantine may have been lifted.</summary>
    public TimeSpan DismissedRetry { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Age at which the certificate is renewed.</summary>
    public TimeSpan RenewAfter { get; init; } = TimeSpan.FromDays(20);

    /// <summary>How often the certificate's age is looked at while connected.</summary>
    public TimeSpan RenewalCheck { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>How the link stands.</summary>
/// <param name="Connected">The console has welcomed this machine.</param>
/// <param name="Since">When that changed.</param>
/// <param name="Heartbeats">Sent since the process began; not rising = no link.</param>
/// <param name="Fault">Why the last connection ended or could not be made; null when none did.</param>
/// <param name="DismissedCode">The console refuses this machine; null when it does not.</param>
public sealed record LinkState(bool Connected, DateTimeOffset Since, long Heartbeats, string? Fault, string? DismissedCode);
