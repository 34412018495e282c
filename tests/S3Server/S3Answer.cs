using System.Text;
using System.Xml.Linq;

namespace HyperBdr.S3Testing;

/// <summary>An answer before it is sent, so that a fault can change it after the effect.</summary>
internal sealed record S3Answer(int Status, ReadOnlyMemory<byte> Body, string? ContentType = null)
{
    private static readonly XNamespace Schema = "http://s3.amazonaws.com/doc/2006-03-01/";

    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Of a HEAD: the length that a GET would have.</summary>
    public long? Length { get; init; }

    public static S3Answer Empty(int status = 200) => new(status, default);

    public static S3Answer Error(int status, string code, string message = "") =>
        Xml(status, new XElement("Error", new XElement("Code", code), new XElement("Message", message.Length == 0 ? code : message), new XElement("RequestId", "1")));

    public static S3Answer Document(string root, params object?[] content) => Xml(200, new XElement(Schema + root, Named(content)));

    public static XElement Element(string name, params object?[] content) => new(Schema + name, Named(content));

    private static object?[] Named(object?[] content) => content;

    private static S3Answer Xml(int status, XElement root) =>
        new(status, Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root.ToString(SaveOptions.DisableFormatting)}"), "application/xml");
}
