using System.Diagnostics.CodeAnalysis;

namespace HyperBdr.Contracts.Errors;

/// <summary>A value, or the <see cref="Errors.Error"/> that says why there is none. Never both.</summary>
public readonly struct Result<T>
{
    private readonly T? value;

    private Result(T? value, Error? error) => (this.value, Error) = (value, error);

    /// <summary>The refusal, or null on success.</summary>
    public Error? Error { get; }

    [MemberNotNullWhen(true, nameof(Error))]
    public bool IsError => Error is not null;

    /// <summary>The value; throws when there is an error.</summary>
    public T Value => IsError ? throw new InvalidOperationException($"No value: {Error.Code}") : value!;

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Error error) => new(default, error);
}

/// <summary>Success without a value.</summary>
public readonly record struct Done
{
    public static readonly Done Instance;
}
