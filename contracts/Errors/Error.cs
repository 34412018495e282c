namespace HyperBdr.Contracts.Errors;

/// <summary>What kind of refusal an <see cref="Error"/> is; decides the HTTP and gRPC status.</summary>
public enum ErrorKind
{
    /// <summary>Input breaks a rule; HTTP 400, gRPC InvalidArgument.</summary>
    Validation,
    /// <summary>Not signed in, or the proof is wrong; HTTP 401, gRPC Unauthenticated.</summary>
    Unauthenticated,
    /// <summary>Signed in without the permission; HTTP 403, gRPC PermissionDenied.</summary>
    Forbidden,
    /// <summary>No such object in the caller's tenant; HTTP 404, gRPC NotFound.</summary>
    NotFound,
    /// <summary>The object's state does not allow it; HTTP 409, gRPC FailedPrecondition.</summary>
    Conflict,
    /// <summary>Too many calls; HTTP 429, gRPC ResourceExhausted.</summary>
    TooMany,
    /// <summary>A part that is needed does not answer; HTTP 503, gRPC Unavailable.</summary>
    Unavailable,
}

/// <summary>An expected refusal. <see cref="Code"/> is stable (<c>service.noun.reason</c>) and part of the API.</summary>
/// <param name="Kind">Decides the status.</param>
/// <param name="Code">Stable, lower case, dotted.</param>
/// <param name="Message">One English sentence for people; holds no secret and no internals.</param>
public sealed record Error(ErrorKind Kind, string Code, string Message)
{
    /// <summary>Messages per field (snake_case JSON path), for <see cref="ErrorKind.Validation"/>.</summary>
    public IReadOnlyDictionary<string, string[]>? Fields { get; init; }

    /// <summary>A validation refusal that names one field.</summary>
    public static Error Field(string field, string message) => new(ErrorKind.Validation, CommonErrors.Validation.Code, CommonErrors.Validation.Message)
    {
        Fields = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] },
    };
}

/// <summary>Refusals that every service can give.</summary>
public static class CommonErrors
{
    public static readonly Error Validation = new(ErrorKind.Validation, "request.validation", "One or more fields are not valid.");
    public static readonly Error Malformed = new(ErrorKind.Validation, "request.malformed", "The request could not be read.");
    public static readonly Error TooLarge = new(ErrorKind.Validation, "request.too_large", "The request body is larger than allowed.");
    public static readonly Error Unauthenticated = new(ErrorKind.Unauthenticated, "auth.required", "Sign in first.");
    public static readonly Error Forbidden = new(ErrorKind.Forbidden, "auth.forbidden", "Your role does not allow this.");
    public static readonly Error NotFound = new(ErrorKind.NotFound, "request.not_found", "There is nothing at this address.");
    public static readonly Error Conflict = new(ErrorKind.Conflict, "request.conflict", "Somebody else changed this at the same moment; load it again.");
    public static readonly Error TooMany = new(ErrorKind.TooMany, "request.too_many", "Too many requests; wait and try again.");
    public static readonly Error Unavailable = new(ErrorKind.Unavailable, "service.unavailable", "A part of the system does not answer; try again in a moment.");
    public static readonly Error Internal = new(ErrorKind.Unavailable, "service.internal", "An unexpected fault; the trace id finds it in the logs.");
}
