namespace HyperBdr.S3Block.Http;

/// <summary>An answer other than success, with the protocol's own code.</summary>
internal sealed class S3Refusal(int status, string code, string message) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public Dictionary<string, string> Headers { get; } = [];

    public static S3Refusal AccessDenied(string why = "Access Denied.") => new(403, "AccessDenied", why);

    public static S3Refusal NoSuchKey() => new(404, "NoSuchKey", "The specified key does not exist.");

    public static S3Refusal NoSuchVersion() => new(404, "NoSuchVersion", "The version ID specified in the request does not match an existing version.");

    public static S3Refusal NoSuchBucket() => new(404, "NoSuchBucket", "The specified bucket does not exist.");

    public static S3Refusal NoSuchUpload() => new(404, "NoSuchUpload", "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.");

    public static S3Refusal Precondition() => new(412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.");

    public static S3Refusal Invalid(string what) => new(400, "InvalidArgument", what);

    public static S3Refusal BadRequest(string what) => new(400, "InvalidRequest", what);

    public static S3Refusal MalformedXml(string what = "The XML you provided was not well-formed or did not validate against our published schema.") => new(400, "MalformedXML", what);

    public static S3Refusal NotImplemented(string what) => new(501, "NotImplemented", what);

    public static S3Refusal Incomplete() => new(400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.");

    public static S3Refusal BadDigest(string what) => new(400, "BadDigest", $"The {what} you specified did not match what we received.");

    public static S3Refusal Signature() => new(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.");

    public static S3Refusal Full() => new(507, "InsufficientStorage", "There is not enough free space on the gateway. Nothing was stored and nothing was lost.");
}
