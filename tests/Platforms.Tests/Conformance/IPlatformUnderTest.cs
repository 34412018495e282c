using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Tests.Conformance;

/// <summary>A driver as the conformance suite needs it: a second driver brings one of these and inherits the suite.</summary>
public interface IPlatformUnderTest : IAsyncDisposable
{
    IPlatform Platform { get; }

    /// <summary>Exports a writable, empty disk.</summary>
    /// <returns>Its NBD URI.</returns>
    string Export(string name, long bytes);

    /// <summary>Ends the driver as a crash would and opens it again; machines on the platform go on.</summary>
    Task ReopenAsync();

    /// <summary>Ends a machine from outside, as the platform's own failure would.</summary>
    Task BreakAsync(Guid machine);

    /// <summary>How many machines of this platform really run, whatever the driver says.</summary>
    Task<int> ReallyRunningAsync();

    NetworkRequest Isolated(Guid id, ResourceTags tags);
}
