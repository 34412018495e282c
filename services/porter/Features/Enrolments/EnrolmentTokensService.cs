using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>The same slices for tools, over gRPC.</summary>
internal sealed class EnrolmentTokensService(CreateToken.Handler create, ListTokens.Handler list, RevokeToken.Handler revoke) : EnrolmentTokens.EnrolmentTokensBase
{
    public override async Task<CreateTokenResponse> CreateToken(CreateTokenRequest request, ServerCallContext context)
    {
        var created = (await create.HandleAsync(request.Name, request.LifetimeS, context.CancellationToken)).OrRpc();
        return new CreateTokenResponse { Token = ToWire(created.Token), Secret = created.Secret };
    }

    public override async Task<ListTokensResponse> ListTokens(ListTokensRequest request, ServerCallContext context)
    {
        var page = new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize);
        var found = (await list.HandleAsync(page, null, context.CancellationToken)).OrRpc();
        return new ListTokensResponse { Total = found.Total, Tokens = { found.Items.Select(ToWire) } };
    }

    public override async Task<EnrolmentToken> RevokeToken(RevokeTokenRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.TokenId, CultureInfo.InvariantCulture, out var id)) throw Enrolments.RevokeToken.NotFound.ToRpc();
        return ToWire((await revoke.HandleAsync(id, context.CancellationToken)).OrRpc());
    }

    private static EnrolmentToken ToWire(TokenRow row) => new()
    {
        Id = row.Id.ToString(),
        Name = row.Name,
        State = row.State.ToString().ToLowerInvariant(),
        CreatedAt = Timestamp.FromDateTimeOffset(row.CreatedAt),
        ExpiresAt = Timestamp.FromDateTimeOffset(row.ExpiresAt),
    };
}
