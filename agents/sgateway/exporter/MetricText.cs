using System.Globalization;
using System.Text;

namespace HyperBdr.Exporter;

/// <summary>Metrics in the Prometheus text format 0.0.4: of one name all samples stand together, after its HELP and TYPE.</summary>
internal sealed class MetricText
{
    private readonly StringBuilder text = new(16 * 1024);
    private string current = "";

    public void Gauge(string name, string help, double value, params ReadOnlySpan<(string Name, string Value)> labels) => Add(name, "gauge", help, value, labels);

    /// <summary>Only rises while the machine runs.</summary>
    public void Counter(string name, string help, double value, params ReadOnlySpan<(string Name, string Value)> labels) => Add(name, "counter", help, value, labels);

    /// <summary>What another program said in the same format.</summary>
    public void Append(string other) => text.Append(other).Append(other.EndsWith('\n') ? "" : "\n");

    public override string ToString() => text.ToString();

    private void Add(string name, string type, string help, double value, ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (name != current) text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        current = name;
        text.Append(name);
        for (var i = 0; i < labels.Length; i++) text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escaped(labels[i].Value)).Append('"');
        if (labels.Length > 0) text.Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escaped(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
