namespace HyperBdr.Report.Features.Exports;

/// <summary>A table that grows row by row into a stream, in memory that does not grow with it.</summary>
internal interface ITable : IAsyncDisposable
{
    /// <summary>The next row; a number stays a number, text is made harmless.</summary>
    Task AddAsync(IReadOnlyList<object> cells, CancellationToken ct);

    /// <summary>Writes what closes the file.</summary>
    Task EndAsync(CancellationToken ct);
}
