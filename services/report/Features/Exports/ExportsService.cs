using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Report.V1;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Report.Features.Exports;

/// <summary>The list for tools, over gRPC.</summary>
internal sealed class ExportsService(ListExports.Handler list) : HyperBdr.Contracts.Report.V1.Exports.ExportsBase
{
    public override async Task<ListExportsResponse> ListExports(ListExportsRequest request, ServerCallContext context)
    {
        var found = await list.HandleAsync(new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize), context.CancellationToken);
        return new ListExportsResponse
        {
            Total = found.Total,
            Exports =
            {
                found.Items.Select(e => new Export
                {
                    Id = e.Id.ToString(),
                    Type = e.Type,
                    Format = e.Format.ToString().ToLowerInvariant(),
                    Status = e.State.ToString().ToLowerInvariant(),
                    CreatedAt = Timestamp.FromDateTimeOffset(e.CreatedAt),
                }),
            },
        };
    }
}
