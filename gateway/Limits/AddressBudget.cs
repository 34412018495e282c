using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Limits;

/// <summary>What one source address may do before it is known who calls.</summary>
internal sealed class AddressBudget(IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly TokenBuckets anonymous = new(options.Value.Limits.AnonymousPerSecond, options.Value.Limits.AnonymousBurst, time);
    private readonly TokenBuckets failures = new(options.Value.Limits.AnonymousPerSecond, options.Value.Limits.AnonymousBurst, time);
    private readonly TokenBuckets signIns = new(options.Value.Limits.SignInPerSecond, options.Value.Limits.SignInBurst, time);
    private readonly TokenBuckets enrolments = new(options.Value.Limits.EnrolPerSecond, options.Value.Limits.EnrolBurst, time);
    private readonly TokenBuckets files = new(options.Value.Limits.FilesPerSecond, options.Value.Limits.FilesBurst, time);

    public TimeSpan? TakeAnonymous(string address) => anonymous.Take(KeyOf(address));

    public TimeSpan? TakeSignIn(string address) => signIns.Take(KeyOf(address));

    public TimeSpan? TakeEnrolment(string address) => enrolments.Take(KeyOf(address));

    public TimeSpan? TakeFile(string address) => files.Take(KeyOf(address));

    /// <summary>Wrong credentials cost identity a question: an address that keeps showing them has to wait.</summary>
    public TimeSpan? WaitAfterFailures(string address) => failures.Peek(KeyOf(address));

    public void CountFailure(string address) => failures.Take(KeyOf(address));

    /// <summary>A customer of IPv6 has at least a /64: its addresses count as one.</summary>
    private static string KeyOf(string address)
    {
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != AddressFamily.InterNetworkV6) return address;
        return Convert.ToHexString(ip.GetAddressBytes(), 0, 8);
    }
}
