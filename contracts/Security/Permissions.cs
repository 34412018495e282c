using System.Collections.Frozen;

namespace HyperBdr.Contracts.Security;

/// <summary>Fixed tenants.</summary>
public static class Tenants
{
    /// <summary>The platform itself: O&amp;M users and platform events belong here.</summary>
    public static readonly Guid Platform = new("00000000-0000-7000-8000-000000000001");
}

/// <summary>The five roles (security reference); the wire names are stored with users.</summary>
public static class Roles
{
    public const string PlatformAdmin = "platform_admin";
    public const string TenantAdmin = "tenant_admin";
    public const string Operator = "operator";
    public const string Auditor = "auditor";
    public const string ReadOnly = "readonly";

    /// <summary>Another process of the suite, never a person.</summary>
    public const string Service = "service";

    public static readonly IReadOnlyList<string> All = [PlatformAdmin, TenantAdmin, Operator, Auditor, ReadOnly];

    /// <summary>Roles that live inside a tenant; the platform administrator sees no tenant data.</summary>
    public static readonly IReadOnlyList<string> OfTenant = [TenantAdmin, Operator, Auditor, ReadOnly];
}

/// <summary>What a call needs; each endpoint names one.</summary>
public static class Permissions
{
    public const string EnrolmentsRead = "porter.enrolments.read";
    public const string EnrolmentsWrite = "porter.enrolments.write";
    public const string MachinesRead = "porter.machines.read";
    public const string MachinesWrite = "porter.machines.write";
    public const string HostsRead = "ant.hosts.read";
    public const string HostsWrite = "ant.hosts.write";
    public const string PoliciesRead = "ant.policies.read";
    public const string PoliciesWrite = "ant.policies.write";
    public const string PointsRead = "storplus.points.read";
    public const string PointsWrite = "storplus.points.write";
    public const string KeysExport = "storplus.keys.export";
    public const string PoolsRead = "storplus.pools.read";
    public const string PoolsWrite = "storplus.pools.write";
    public const string TasksRead = "ant.tasks.read";
    public const string TasksRun = "ant.tasks.run";
    public const string AuditRead = "owl.audit.read";
    public const string ReportsRead = "report.exports.read";
    public const string ReportsRun = "report.exports.run";
    public const string UsersRead = "identity.users.read";
    public const string UsersWrite = "identity.users.write";
    public const string AccessKeysRead = "identity.access_keys.read";
    public const string AccessKeysWrite = "identity.access_keys.write";
    public const string LicencesRead = "identity.licences.read";
    public const string LicencesWrite = "identity.licences.write";
    public const string TenantsManage = "identity.tenants.manage";
    public const string SuiteRead = "owl.suite.read";
    public const string SuiteManage = "owl.suite.manage";

    /// <summary>Role → permissions: the whole matrix.</summary>
    public static readonly FrozenDictionary<string, FrozenSet<string>> Matrix = new Dictionary<string, FrozenSet<string>>(StringComparer.Ordinal)
    {
        [Roles.PlatformAdmin] = Set(TenantsManage, LicencesRead, LicencesWrite, UsersRead, UsersWrite, AccessKeysRead, AccessKeysWrite, SuiteRead, SuiteManage, AuditRead, ReportsRead, ReportsRun),
        [Roles.TenantAdmin] = Set(EnrolmentsRead, EnrolmentsWrite, MachinesRead, MachinesWrite, HostsRead, HostsWrite, PoliciesRead, PoliciesWrite, PointsRead, PointsWrite, KeysExport, PoolsRead, PoolsWrite, TasksRead, TasksRun, AuditRead, ReportsRead, ReportsRun, UsersRead, UsersWrite, AccessKeysRead, AccessKeysWrite, LicencesRead, LicencesWrite),
        [Roles.Operator] = Set(LicencesRead, EnrolmentsRead, MachinesRead, HostsRead, PoliciesRead, PointsRead, PoolsRead, TasksRead, TasksRun, AuditRead, ReportsRead, ReportsRun),
        [Roles.Auditor] = Set(LicencesRead, EnrolmentsRead, MachinesRead, HostsRead, PoliciesRead, PointsRead, PoolsRead, TasksRead, AuditRead, ReportsRead, ReportsRun, UsersRead),
        [Roles.ReadOnly] = Set(LicencesRead, EnrolmentsRead, MachinesRead, HostsRead, PoliciesRead, PointsRead, PoolsRead, TasksRead, ReportsRead),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every permission that some role has.</summary>
    public static IEnumerable<string> All => Matrix.Values.SelectMany(p => p).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    public static bool Allows(string role, string permission) => Matrix.TryGetValue(role, out var set) && set.Contains(permission);

    private static FrozenSet<string> Set(params string[] permissions) => permissions.ToFrozenSet(StringComparer.Ordinal);
}
