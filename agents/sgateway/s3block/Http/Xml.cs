using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Block.Http;

/// <summary>The protocol's documents, out and in.</summary>
internal static class Xml
{
    private const int MaxDocument = 4 << 20;

    private static readonly XNamespace Schema = "http://s3.amazonaws.com/doc/2006-03-01/";
    private static readonly XNamespace Instance = "http://www.w3.org/2001/XMLSchema-instance";

    public static XElement Element(string name, params object?[] content) => new(Schema + name, content);

    /// <summary>Of an access control list: who it is about.</summary>
    public static XElement Grantee(string owner) =>
        new(Schema + "Grantee", new XAttribute(XNamespace.Xmlns + "xsi", Instance), new XAttribute(Instance + "type", "CanonicalUser"), Element("ID", owner), Element("DisplayName", owner));

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static async Task AnswerAsync(HttpContext http, XElement root, int status = 200)
    {
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = false };
        using var bytes = new MemoryStream();
        using (var writer = XmlWriter.Create(bytes, settings)) root.Save(writer);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/xml";
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(bytes.GetBuffer().AsMemory(0, (int)bytes.Length), http.RequestAborted);
    }

    public static Task RefuseAsync(HttpContext http, S3Refusal refusal)
    {
        foreach (var (name, value) in refusal.Headers) http.Response.Headers[name] = value;
        if (refusal.Status == 304)
        {
            http.Response.StatusCode = 304;
            return Task.CompletedTask;
        }

        return AnswerAsync(http, new XElement("Error", new XElement("Code", refusal.Code), new XElement("Message", refusal.Message), new XElement("Resource", Printable(http.Request.Path.Value ?? "")), new XElement("RequestId", http.TraceIdentifier)), refusal.Status);
    }

    /// <summary>The request's document, verified like any body; its root's name does not matter, since clients differ in it.</summary>
    public static async Task<XElement> ReadAsync(S3Request request)
    {
        using var bytes = new MemoryStream();
        using var sink = new BodySink(request, wantMd5: false, b => bytes.Write(b));
        await BodyReader.ReadAsync(request, sink, MaxDocument);
        bytes.Position = 0;
        try
        {
            using var reader = XmlReader.Create(bytes, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxDocument });
            return XElement.Load(reader);
        }
        catch (XmlException)
        {
            throw S3Refusal.MalformedXml();
        }
    }

    /// <summary>Children of that name in any namespace.</summary>
    public static IEnumerable<XElement> All(this XElement parent, string name) => parent.Elements().Where(e => e.Name.LocalName == name);

    public static XElement? One(this XElement parent, string name) => parent.All(name).FirstOrDefault();

    /// <summary>Null when it is not there.</summary>
    public static string? Text(this XElement parent, string name) => parent.One(name)?.Value;

    /// <summary>Characters that XML has no way to say are left out.</summary>
    public static string Printable(string text) => text.All(XmlConvert.IsXmlChar) ? text : string.Concat(text.Where(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)));
}
