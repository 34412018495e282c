namespace HyperBdr.Agents.Tests;

/// <summary>A clock that a test moves.</summary>
internal sealed class HeldTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Now;
}
