using HyperBdr.Engine;

namespace HyperBdr.Hbdr.Commands;

/// <summary>A disk to be backed up: its name in the point and where its bytes are.</summary>
internal sealed record BackupSource(string Disk, string Place)
{
    /// <summary>
    /// Reads <c>disk=path</c> or <c>path</c>, whose disk is named by its number (<c>disk0</c>), so that an image that moves stays the same disk.
    /// A name has no slash: <c>/dev/disk/by-id/a=b</c> is a path.
    /// </summary>
    public static BackupSource Parse(string text, int number)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var isNamed = equals > 0 && !text.AsSpan(0, equals).Contains('/');
        var source = isNamed ? new BackupSource(text[..equals], text[(equals + 1)..]) : new BackupSource($"disk{number}", text);
        return source.Place.Length > 0 ? source : throw new EngineException(Fault.InvalidArgument, text, "names no source");
    }
}
