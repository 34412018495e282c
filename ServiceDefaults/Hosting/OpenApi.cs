using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.OpenApi;

namespace HyperBdr.ServiceDefaults.Hosting;

/// <summary>One form for all documents: what an operation needs is said in its description, faults are problem details.</summary>
internal static class OpenApi
{
    public static void Configure(OpenApiOptions options)
    {
        // Every slice has a Request or a Response; without the slice's name they would all be one schema.
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is not { } id ? null
            : type.Type.DeclaringType is { } slice ? slice.Name + id : id;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Servers?.Clear();
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var rule = context.Description.ActionDescriptor.EndpointMetadata.OfType<AccessRule>().LastOrDefault();
            if (rule is not null) operation.Description = $"Needs: `{rule.Needs}`.";
            return Task.CompletedTask;
        });
    }
}
