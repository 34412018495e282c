using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using HyperBdr.Agents.Identity;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Link;

/// <summary>Makes a machine known to the console by a token, over TLS that trusts the given authority alone.</summary>
public sealed class EnrolmentClient(ConsoleAddress console, string authorityPem, TimeProvider time)
{
    private const int Tries = 5;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Enrols and keeps the identity; safe to call again with the same token when an answer was lost.</summary>
    /// <exception cref="EnrolmentException">The console refused, is not the one whose authority was given, or cannot be reached after some tries.</exception>
    public async Task<(MachineIdentity Identity, bool TookOver)> EnrolAsync(IdentityStore store, string token, MachineKind kind, Inventory inventory, string version, CancellationToken ct)
    {
        var request = new EnrollRequest { Token = token, Kind = kind, CertificateRequest = ByteString.CopyFrom(store.CertificateRequest()), Inventory = inventory, Version = version };
        var answer = await CallAsync(request, Authorities(), ct);
        try
        {
            return (store.Save(answer), answer.TookOver);
        }
        catch (IdentityException e)
        {
            throw new EnrolmentException("agent.enrolment.bad_answer", e.Message, e);
        }
    }

    private async Task<EnrollResponse> CallAsync(EnrollRequest request, X509Certificate2Collection authorities, CancellationToken ct)
    {
        var refusal = default(string);
        using var handler = ConsoleTls.ForEnrolment(console, authorities, time, why => refusal = why);
        using var channel = GrpcChannel.ForAddress($"https://{console}", new GrpcChannelOptions { HttpHandler = handler });
        var client = new Enrollment.EnrollmentClient(channel);
        var backOff = new BackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await client.EnrollAsync(request, deadline: time.GetUtcNow().UtcDateTime + CallTimeout, cancellationToken: ct);
            }
            catch (RpcException) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(ct);
            }
            catch (RpcException) when (refusal is not null)
            {
                throw new EnrolmentException("agent.console.not_trusted", refusal);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded && attempt < Tries)
            {
                await Task.Delay(backOff.Next(), time, ct);
            }
            catch (RpcException e)
            {
                throw new EnrolmentException(e.StatusCode == StatusCode.Unavailable ? "agent.console.unreachable" : e.Trailers.GetValue("error-code") ?? "agent.enrolment.refused", $"{e.Status.Detail} ({e.StatusCode}, {console})", e);
            }
        }
    }

    private X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(authorityPem);
        }
        catch (CryptographicException e)
        {
            throw new EnrolmentException("agent.authority.not_readable", "The authority is not a certificate in PEM form.", e);
        }

        return authorities.Count > 0 ? authorities : throw new EnrolmentException("agent.authority.not_readable", "The authority file holds no certificate.");
    }
}

/// <summary>A machine that could not be enrolled.</summary>
public sealed class EnrolmentException : Exception
{
    public EnrolmentException(string code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    public EnrolmentException(string message)
        : base(message)
    {
    }

    public EnrolmentException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public EnrolmentException()
    {
    }

    /// <summary>Stable.</summary>
    public string Code { get; } = "agent.enrolment.failed";
}
