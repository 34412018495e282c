using System.Text.Json;
using HyperBdr.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HyperBdr.Ant.Persistence;

internal static class JsonColumns
{
    /// <summary>Plain records with dictionary keys as they are, unlike the API's form.</summary>
    private static readonly JsonSerializerOptions Form = new(Json.Options) { DictionaryKeyPolicy = null };

    /// <summary>Kept as one <c>jsonb</c> value; set as a whole, never changed in place.</summary>
    public static PropertyBuilder<T> IsJson<T>(this PropertyBuilder<T> property) => property.HasColumnType("jsonb").HasConversion(
        v => JsonSerializer.Serialize(v, Form),
        v => JsonSerializer.Deserialize<T>(v, Form)!,
        new ValueComparer<T>((a, b) => ReferenceEquals(a, b), v => v == null ? 0 : 1, v => v));
}
