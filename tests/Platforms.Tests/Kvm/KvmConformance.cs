using HyperBdr.Platforms.Tests.Conformance;
using Xunit;

namespace HyperBdr.Platforms.Tests.Kvm;

public sealed class KvmConformance : DriverConformance, IAsyncLifetime
{
    private readonly KvmUnderTest under;

    public KvmConformance()
        : this(new KvmUnderTest())
    {
    }

    private KvmConformance(KvmUnderTest under)
        : base(under) => this.under = under;

    public async ValueTask InitializeAsync() => await under.OpenAsync();

    public ValueTask DisposeAsync() => under.DisposeAsync();
}
