using System.Globalization;
using System.IO.Compression;
using System.Text;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Spreadsheet;
using HyperBdr.Report.Domain;

namespace HyperBdr.Report.Features.Exports;

/// <summary>An XLSX workbook (ECMA-376) written part by part into a forward-only archive.</summary>
/// <remarks>
/// The SDK's own package keeps each part in memory until it is closed. So its SAX writer writes straight into the archive's entries, and
/// the few small parts around the sheets are text. Cells are inline strings: a shared string table would have to be kept until the end.
/// </remarks>
internal sealed class XlsxTable : ITable
{
    private const int RowsPerSheet = 1_048_576;
    private const string Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    private const string Package = "http://schemas.openxmlformats.org/package/2006";
    private const string Declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

    private readonly ZipArchive archive;
    private readonly string title;
    private IReadOnlyList<object>? heading;
    private Stream? part;
    private OpenXmlWriter? sheet;
    private int sheets;
    private int row;

    public XlsxTable(Stream stream, string title) => (archive, this.title) = (new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true), title);

    public Task AddAsync(IReadOnlyList<object> cells, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        heading ??= cells;
        if (sheet is null || row == RowsPerSheet)
        {
            CloseSheet();
            OpenSheet();
            if (sheets > 1) Write(heading);
        }

        Write(cells);
        return Task.CompletedTask;
    }

    public Task EndAsync(CancellationToken ct)
    {
        if (sheets == 0) OpenSheet();
        CloseSheet();
        var all = Enumerable.Range(1, sheets).ToList();
        Put("xl/workbook.xml", $"""<workbook xmlns="{Main}" xmlns:r="{Relations}"><sheets>{string.Concat(all.Select(n => $"""<sheet name="{(n == 1 ? title : $"{title} {n}")}" sheetId="{n}" r:id="rId{n}"/>"""))}</sheets></workbook>""");
        Put("xl/_rels/workbook.xml.rels", $"""<Relationships xmlns="{Package}/relationships">{string.Concat(all.Select(n => $"""<Relationship Id="rId{n}" Type="{Relations}/worksheet" Target="worksheets/sheet{n}.xml"/>"""))}</Relationships>""");
        Put("_rels/.rels", $"""<Relationships xmlns="{Package}/relationships"><Relationship Id="rId1" Type="{Relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>""");
        Put("[Content_Types].xml", $"""<Types xmlns="{Package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{string.Concat(all.Select(n => $"""<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>"""))}</Types>""");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        CloseSheet();
        archive.Dispose();
        return ValueTask.CompletedTask;
    }

    private void OpenSheet()
    {
        part = archive.CreateEntry($"xl/worksheets/sheet{++sheets}.xml", CompressionLevel.Fastest).Open();
        sheet = new OpenXmlPartWriter(part, Encoding.UTF8);
        sheet.WriteStartDocument(standalone: true);
        sheet.WriteStartElement(new Worksheet());
        sheet.WriteStartElement(new SheetData());
        row = 0;
    }

    private void CloseSheet()
    {
        if (sheet is null) return;
        sheet.WriteEndElement();
        sheet.WriteEndElement();
        sheet.Dispose();
        part!.Dispose();
        (sheet, part) = (null, null);
    }

    private void Write(IReadOnlyList<object> cells)
    {
        sheet!.WriteStartElement(new Row { RowIndex = (uint)++row });
        foreach (var cell in cells)
        {
            sheet.WriteElement(cell is long number
                ? new Cell { CellValue = new CellValue(number.ToString(CultureInfo.InvariantCulture)) }
                : new Cell { DataType = CellValues.InlineString, InlineString = new InlineString(new Text(Cells.Text((string)cell)) { Space = SpaceProcessingModeValues.Preserve }) });
        }

        sheet.WriteEndElement();
    }

    private void Put(string name, string content)
    {
        using var writer = new StreamWriter(archive.CreateEntry(name, CompressionLevel.Fastest).Open(), new UTF8Encoding(false));
        writer.Write(Declaration + content);
    }
}
