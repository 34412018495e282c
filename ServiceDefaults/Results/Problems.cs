using System.Diagnostics;
using HyperBdr.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace HyperBdr.ServiceDefaults.Results;

/// <summary>The one mapping of refusals to HTTP: problem details (RFC 9457) with <c>code</c>, <c>trace_id</c> and, for fields, <c>errors</c>.</summary>
public static class Problems
{
    public static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Validation => StatusCodes.Status400BadRequest,
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.TooMany => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status503ServiceUnavailable,
    };

    /// <summary>Success by <paramref name="success"/>, else the problem of the error.</summary>
    public static IResult ToHttp<T>(this Result<T> result, Func<T, IResult> success) =>
        result.IsError ? new ProblemResult(result.Error, StatusOf(result.Error.Kind)) : success(result.Value);

    /// <summary>200 with the value, or 204 for <see cref="Done"/>.</summary>
    public static IResult ToHttp<T>(this Result<T> result) =>
        result.ToHttp(value => value is Done ? TypedResults.NoContent() : TypedResults.Ok(value));

    public static IResult ToHttp(this Error error, int? status = null) => new ProblemResult(error, status ?? StatusOf(error.Kind));

    /// <summary>Answers with the problem; for middleware, which has no <see cref="IResult"/> to return.</summary>
    public static Task WriteAsync(HttpContext http, Error error, int status)
    {
        http.Items[typeof(Error)] = error;
        var problem = new ProblemDetails
        {
            Type = "about:blank",
            Title = error.Message,
            Status = status,
            Extensions = { ["code"] = error.Code, ["trace_id"] = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier },
        };
        if (error.Fields is not null) problem.Extensions["errors"] = error.Fields;
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(problem, Json.Options, "application/problem+json", http.RequestAborted);
    }

    private sealed class ProblemResult(Error error, int status) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => status;

        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, error, status);
    }
}
