using System.Security.Cryptography;

namespace HyperBdr.Agents.Link;

/// <summary>Waits that double up to a ceiling, each drawn anew between nothing and it (full jitter), so that machines that lost one console do not come back together.</summary>
/// <param name="first">Ceiling of the first wait.</param>
/// <param name="longest">Ceiling of all.</param>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private int doublings;

    public void Reset() => doublings = 0;

    public TimeSpan Next()
    {
        var ceiling = first * Math.Pow(2, Math.Min(doublings++, 20));
        return (ceiling < longest ? ceiling : longest) * (RandomNumberGenerator.GetInt32(1, 1_000_001) / 1e6);
    }
}
