using System.Diagnostics;
using System.Security.Cryptography;
using Grpc.Core;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.Storplus.Features.Pools;
using PoolRow = HyperBdr.Storplus.Domain.Pool;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Stores;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Probes;

/// <summary>gRPC <c>PoolProbes</c>: one step of a probe, run now; its finding is kept with the probe.</summary>
internal sealed partial class ProbesRpc(StorplusDb db, PoolStores stores, GatewayLink gateways, CallContext call, ILogger<ProbesRpc> log) : PoolProbes.PoolProbesBase
{
    /// <summary>Below the caller's own limit for one try, so that the finding is ours.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(7);

    public override async Task<ProbeStepResult> RunStep(RunProbeStepRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.PoolId, out var poolId)) throw Error.Field("pool_id", "Not an identifier.").ToRpc();
        if (!Guid.TryParse(request.TaskId, out var probeId)) throw Error.Field("task_id", "Not an identifier.").ToRpc();
        if (request.Step == ProbeStep.Unspecified || !Enum.IsDefined(request.Step)) throw Error.Field("step", "Not a step.").ToRpc();

        var pool = await db.Pools.AsNoTracking().SingleOrDefaultAsync(p => p.Id == poolId, context.CancellationToken) ?? throw PoolRow.NotFound.ToRpc();
        var watch = Stopwatch.GetTimestamp();
        var outcome = pool.CurrentProbeId == probeId ? await TryAsync(pool, probeId, request.Step, context.CancellationToken) : ProbeFindings.Superseded;
        var duration = (long)Stopwatch.GetElapsedTime(watch).TotalMicroseconds;
        await KeepAsync(probeId, request.Step, outcome, duration, context.CancellationToken);
        return new ProbeStepResult { Passed = outcome.Passed, Code = outcome.Code ?? "", Message = outcome.Message, DurationUs = duration };
    }

    private async Task<ProbeOutcome> TryAsync(PoolRow pool, Guid probeId, ProbeStep step, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            if (pool.Kind == Domain.PoolKind.Gateway && (step == ProbeStep.Connect || pool.S3 is null))
            {
                if (await gateways.AttachAsync(pool.Id, probeId, limit.Token) is { } refusal) return refusal;
                pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == pool.Id, limit.Token);
            }

            await using var store = stores.Of(pool);
            return await new ProbeSteps(store, probeId).RunAsync(step, limit.Token);
        }
        catch (StoreException e)
        {
            Refused(log, step, pool.Id, e.Fault, e.Message);
            return ProbeFindings.Of(e);
        }
        catch (CryptographicException)
        {
            return ProbeFindings.SecretLost;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ProbeFindings.TimedOut(Limit);
        }
    }

    /// <summary>The last run of a step counts; after the probe's end nothing changes any more.</summary>
    private Task<int> KeepAsync(Guid probeId, ProbeStep step, ProbeOutcome outcome, long duration, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        insert into findings (probe_id, step, position, tenant_id, passed, code, message, duration_us)
        select p.id, {ProbeFindings.NameOf(step)}, {(int)step}, p.tenant_id, {outcome.Passed}, {outcome.Code}, {outcome.Message}, {duration}
        from probes p where p.id = {probeId} and p.tenant_id = {call.TenantId} and p.ended_at is null
        on conflict (probe_id, step) do update set passed = excluded.passed, code = excluded.code, message = excluded.message, duration_us = excluded.duration_us
        """, ct);

    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "Probe step {Step} of pool {PoolId} met {Fault}: {Detail}")]
    private static partial void Refused(ILogger log, ProbeStep step, Guid poolId, StoreFault fault, string detail);
}
