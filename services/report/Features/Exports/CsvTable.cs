using System.Globalization;
using CsvHelper;
using HyperBdr.Report.Domain;

namespace HyperBdr.Report.Features.Exports;

/// <summary>RFC 4180 with CRLF; a byte order mark, because spreadsheets else take UTF-8 for the machine's code page.</summary>
internal sealed class CsvTable(Stream stream) : ITable
{
    private readonly CsvWriter csv = CsvWriter.Create(stream, new CsvWriterOptions { WriteByteOrderMark = true }, leaveOpen: true);

    public async Task AddAsync(IReadOnlyList<object> cells, CancellationToken ct) =>
        await csv.WriteRecordAsync([.. cells.Select(cell => cell is long number ? number.ToString(CultureInfo.InvariantCulture) : Cells.Text((string)cell))], ct);

    public async Task EndAsync(CancellationToken ct) => await csv.FlushAsync(ct);

    public ValueTask DisposeAsync() => csv.DisposeAsync();
}
