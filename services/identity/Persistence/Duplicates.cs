using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Identity.Persistence;

internal static class Duplicates
{
    /// <summary>True when a unique name was taken, maybe at the same moment by somebody else.</summary>
    public static bool IsDuplicate(this DbUpdateException e) => e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <summary>True when the index whose name ends so refused.</summary>
    public static bool IsDuplicate(this DbUpdateException e, string index) =>
        e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: { } name } && name.EndsWith(index, StringComparison.Ordinal);
}
