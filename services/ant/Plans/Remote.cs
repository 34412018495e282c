using Grpc.Core;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Ant.Plans;

/// <summary>Calls of other services: a refusal is a value, silence is a <see cref="TransientFault"/>.</summary>
internal static class Remote
{
    private const string UnknownCode = "ant.step.refused";

    /// <param name="whom">For people: "The storage service".</param>
    public static async Task<Result<T>> AskAsync<T>(string whom, Func<Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call();
        }
        catch (RpcException e) when (!ct.IsCancellationRequested && IsRefusal(e.StatusCode))
        {
            var code = e.Trailers.GetValue(GrpcErrors.CodeTrailer) ?? UnknownCode;
            return new Error(e.StatusCode == StatusCode.NotFound ? ErrorKind.NotFound : ErrorKind.Conflict, code, e.Status.Detail);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && IsSilence(e))
        {
            throw new TransientFault(e is RpcException rpc ? $"{whom} does not answer ({rpc.StatusCode})" : $"{whom} does not answer", e);
        }
    }

    /// <summary>Whether an exception of a call only says that nobody answered.</summary>
    public static bool IsSilence(Exception e) => e is RpcException or HttpRequestException or IOException or Polly.ExecutionRejectedException;

    private static bool IsRefusal(StatusCode status) =>
        status is StatusCode.NotFound or StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented;
}
