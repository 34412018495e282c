using Grpc.Core;
using HyperBdr.Contracts.Storplus.V1;

namespace HyperBdr.Ant.Plans;

/// <summary>Task <c>probe_pool</c>: six steps, each run by storplus, which keeps their findings.</summary>
internal static class ProbePool
{
    public const string Type = "probe_pool";
    private const string Pool = "source_id";
    private const string Connected = "connected";
    private const string Written = "written";

    public static readonly TaskPlan Plan = new(Type, [Pool],
    [
        Step("connect", ProbeStep.Connect, [Pool], Connected),
        Step("read_after_write", ProbeStep.ReadAfterWrite, [Pool, Connected], Written),
        Step("list", ProbeStep.List, [Pool, Written]),
        Step("range_read", ProbeStep.RangeRead, [Pool, Written]),
        Step("conditional_create", ProbeStep.ConditionalCreate, [Pool, Written]),
        Step("delete", ProbeStep.Delete, [Pool, Written]),
    ]);

    private static StepPlan Step(string name, ProbeStep step, string[] needs, params string[] returns) =>
        new(name, needs, returns, async (run, ct) =>
        {
            var result = await CallAsync(run, step, ct);
            return result.Passed ? StepResult.Pass(result.Message, returns.ToDictionary(r => r, _ => "yes", StringComparer.Ordinal)) : StepResult.Fail(result.Code, result.Message);
        });

    private static async Task<ProbeStepResult> CallAsync(StepRun run, ProbeStep step, CancellationToken ct)
    {
        var request = new RunProbeStepRequest { PoolId = run.Values[Pool], TaskId = run.TaskId.ToString(), Step = step };
        try
        {
            return await run.Services.GetRequiredService<PoolProbes.PoolProbesClient>().RunStepAsync(request, cancellationToken: ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return new ProbeStepResult { Passed = false, Code = "storplus.pool.not_found", Message = "The storage pool was deleted meanwhile; there is nothing to check." };
        }
        catch (RpcException e) when (!ct.IsCancellationRequested && e.StatusCode is not (StatusCode.InvalidArgument or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented))
        {
            throw new TransientFault($"The storage service does not answer ({e.StatusCode})", e);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or Polly.ExecutionRejectedException)
        {
            throw new TransientFault("The storage service does not answer", e);
        }
    }
}
