using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Features.Certificates;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>The one call of a machine that has no certificate yet.</summary>
internal sealed class EnrollmentService(Enroll.Handler enroll) : Enrollment.EnrollmentBase
{
    private const string DefaultServerName = "agents.hyperbdr.internal";

    public override async Task<EnrollResponse> Enroll(EnrollRequest request, ServerCallContext context)
    {
        var key = Issuing.KeyOf(request.CertificateRequest.Span).OrRpc();
        var kind = request.Kind.ToOurs() ?? throw Enrolments.Enroll.NoKind.ToRpc();
        var asked = new Enroll.Request(request.Token, kind, key, request.Inventory.ToOurs(), InventoryReading.Text(request.Version));
        var enrolled = (await enroll.HandleAsync(asked, context.CancellationToken)).OrRpc();
        return new EnrollResponse
        {
            MachineId = enrolled.MachineId.ToString(),
            Certificates = { ByteString.CopyFrom(enrolled.Certificate.Certificate), ByteString.CopyFrom(enrolled.Certificate.Issuer) },
            Authority = ByteString.CopyFrom(enrolled.Authority),
            AgentServerName = context.RequestHeaders.GetValue("x-hyperbdr-agent-server-name") ?? DefaultServerName,
            TookOver = enrolled.TookOver,
        };
    }
}
