using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HyperBdr.ServiceDefaults.Persistence;

/// <summary>Tells a <see cref="ServiceDb"/> when a transaction that spans several saves has committed.</summary>
internal sealed class CommitInterceptor : DbTransactionInterceptor
{
    public static readonly CommitInterceptor Instance = new();

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        (eventData.Context as ServiceDb)?.Committed();
        return Task.CompletedTask;
    }
}
