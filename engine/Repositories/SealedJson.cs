using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace HyperBdr.Engine.Repositories;

/// <summary>JSON that was sealed: whoever wrote it held the keys, but it may be of another version or damaged before sealing.</summary>
internal static class SealedJson
{
    public static T Read<T>(ReadOnlySpan<byte> plain, JsonTypeInfo<T> type, string name)
    {
        try
        {
            return JsonSerializer.Deserialize(plain, type) ?? throw new EngineException(Fault.Corrupt, name, "is empty");
        }
        catch (JsonException e)
        {
            throw new EngineException(Fault.Corrupt, name, "is not the JSON that it should be", e);
        }
    }
}
