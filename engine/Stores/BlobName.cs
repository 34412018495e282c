using System.Buffers;

namespace HyperBdr.Engine.Stores;

/// <summary>A blob's name: 1 to 8 parts of <c>[A-Za-z0-9_-]</c>, joined by <c>/</c>; at most 200 characters.</summary>
public readonly record struct BlobName
{
    private const int MaxLength = 200;
    private const int MaxParts = 8;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-/");

    private readonly string? value;

    /// <summary>A checked name.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public BlobName(string value) => this.value = IsValid(value) ? value : throw new EngineException(Fault.InvalidArgument, value, "not a blob name");

    /// <summary>The name's text.</summary>
    public string Value => value ?? throw new InvalidOperationException("a blob name without text");

    /// <summary>The part after the last <c>/</c>.</summary>
    public string LastPart => Value[(Value.LastIndexOf('/') + 1)..];

    /// <summary>True for text that may be a name.</summary>
    public static bool IsValid(string text) =>
        text.Length is > 0 and <= MaxLength
        && !text.AsSpan().ContainsAnyExcept(Allowed)
        && text[0] != '/' && text[^1] != '/' && !text.Contains("//", StringComparison.Ordinal)
        && text.AsSpan().Count('/') < MaxParts;

    /// <inheritdoc/>
    public override string ToString() => Value;
}
