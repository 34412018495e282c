using HyperBdr.Contracts.Security;

namespace HyperBdr.ServiceDefaults.Calls;

/// <summary>Who caused the present unit of work.</summary>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Kind"><c>session</c>, <c>api_token</c>, <c>access_key</c>, <c>machine</c> (by client certificate: the name is the machine's id, the session its thumbprint), <c>service</c> or <c>anonymous</c>.</param>
/// <param name="Pending">What the account must do first: empty, <c>change_password</c>, <c>totp</c> or <c>enrol_totp</c>.</param>
public sealed record Caller(Guid? UserId, string Name, Guid TenantId, string Role, string Kind, string? SourceIp = null, string? SessionId = null, string Pending = "")
{
    public static readonly Caller Anonymous = new(null, "anonymous", Tenants.Platform, "", "anonymous");

    public bool IsService => string.Equals(Kind, "service", StringComparison.Ordinal);

    public bool IsMachine => string.Equals(Kind, "machine", StringComparison.Ordinal);

    public static Caller Service(string name, Guid tenantId) => new(null, name, tenantId, Roles.Service, "service");
}

/// <summary>The caller and tenant of one request or one message; scoped.</summary>
public sealed class CallContext
{
    /// <summary>Set once by authentication or by the consumer of a message.</summary>
    public Caller Caller { get; set; } = Caller.Anonymous;

    /// <summary>The tenant whose rows are visible.</summary>
    public Guid TenantId => Caller.TenantId;

    /// <summary>The audit entry of a mutating call; null for reads, messages and background work.</summary>
    public CallRecord? Record { get; set; }
}
