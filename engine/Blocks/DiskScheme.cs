namespace HyperBdr.Engine.Blocks;

/// <summary>Finds who opens <c>scheme://…</c>.</summary>
internal static class DiskScheme
{
    /// <returns>Null when the text is a path.</returns>
    public static (Uri Uri, Func<Uri, T> Open)? Of<T>(string text, IReadOnlyDictionary<string, Func<Uri, T>>? schemes)
    {
        var separator = text.IndexOf("://", StringComparison.Ordinal);
        if (separator <= 0 || text.AsSpan(0, separator).Contains('/')) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)) throw new EngineException(Fault.InvalidArgument, text, "is no valid URI");
        return schemes is not null && schemes.TryGetValue(uri.Scheme, out var open)
            ? (uri, open)
            : throw new EngineException(Fault.InvalidArgument, text, $"nothing here opens {uri.Scheme}://");
    }
}
