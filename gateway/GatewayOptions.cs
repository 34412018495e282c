using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway;

/// <summary>Section <c>Gateway</c> of the configuration; checked at start.</summary>
public sealed record GatewayOptions
{
    /// <summary>The TLS server name that agents use: it demands a client certificate of our authority.</summary>
    [Required, RegularExpression("^[a-z0-9.-]+$")]
    public string AgentServerName { get; init; } = "agents.hyperbdr.internal";

    /// <summary>Further names and addresses in our own server certificate, e.g. the console's public name.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    public CertificateOptions Certificate { get; init; } = new();

    public LimitOptions Limits { get; init; } = new();
}

/// <summary>The user's own certificate; without it <c>certs/custom/tls.crt</c> and <c>tls.key</c> are taken when present.</summary>
public sealed record CertificateOptions
{
    /// <summary>PEM file: the certificate, then its chain.</summary>
    public string? Path { get; init; }

    /// <summary>PEM file of the private key.</summary>
    public string? KeyPath { get; init; }
}

/// <summary>How much the gateway takes; rates are calls per second with a burst on top.</summary>
public sealed record LimitOptions
{
    /// <summary>Per session, API token, access key or agent.</summary>
    [Range(1, 100_000)] public int CallsPerSecond { get; init; } = 50;
    [Range(1, 100_000)] public int CallsBurst { get; init; } = 100;

    /// <summary>Per source address without, or with wrong, credentials.</summary>
    [Range(1, 100_000)] public int AnonymousPerSecond { get; init; } = 10;
    [Range(1, 100_000)] public int AnonymousBurst { get; init; } = 30;

    /// <summary>Per source address on the sign-in paths; identity counts wrong passwords besides.</summary>
    [Range(1, 100_000)] public int SignInPerSecond { get; init; } = 2;
    [Range(1, 100_000)] public int SignInBurst { get; init; } = 20;

    /// <summary>Per source address for enrolments: many machines may stand behind one address, but nobody guesses tokens at this rate.</summary>
    [Range(1, 100_000)] public int EnrolPerSecond { get; init; } = 2;
    [Range(1, 100_000)] public int EnrolBurst { get; init; } = 50;

    /// <summary>Per source address for files of the web pages: one page load asks for dozens.</summary>
    [Range(1, 100_000)] public int FilesPerSecond { get; init; } = 100;
    [Range(1, 100_000)] public int FilesBurst { get; init; } = 300;

    /// <summary>Body of a REST call; gRPC messages are limited by the services.</summary>
    [Range(1024, 64 * 1024 * 1024)] public long BodyBytes { get; init; } = 1024 * 1024;

    [Range(10, 1_000_000)] public int Connections { get; init; } = 10_000;

    /// <summary>How long a REST call may be silent in both directions.</summary>
    [Range(1, 3600)] public int SilentSeconds { get; init; } = 60;

    /// <summary>Annotations are checked one level deep only; these are one deeper.</summary>
    internal sealed class Validation : IValidateOptions<GatewayOptions>
    {
        public ValidateOptionsResult Validate(string? name, GatewayOptions options)
        {
            var faults = new List<ValidationResult>();
            return Validator.TryValidateObject(options.Limits, new ValidationContext(options.Limits), faults, validateAllProperties: true)
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(faults.Select(f => $"Gateway:Limits: {f.ErrorMessage}"));
        }
    }
}
