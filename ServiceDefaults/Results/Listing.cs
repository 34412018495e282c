using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.ServiceDefaults.Results;

/// <summary>One page of a list.</summary>
/// <param name="Total">Rows of the whole list.</param>
/// <param name="Page">From 1.</param>
public sealed record Listing<T>(IReadOnlyList<T> Items, int Total, int Page, int PageSize);

/// <summary>Which page of a list is asked for; absent values take the defaults, greater sizes the maximum.</summary>
/// <param name="Page">From 1.</param>
/// <param name="PageSize">1 to 500; 10 when absent.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PageQuery(int? Page, int? PageSize)
{
    public const int MaxSize = 500;

    public int Number => Math.Clamp(Page ?? 1, 1, int.MaxValue / MaxSize);

    public int Size => Math.Clamp(PageSize ?? 10, 1, MaxSize);

    public async Task<Listing<T>> OfAsync<T>(IQueryable<T> rows, CancellationToken ct) =>
        new(await rows.Skip((Number - 1) * Size).Take(Size).ToListAsync(ct), await rows.CountAsync(ct), Number, Size);
}
