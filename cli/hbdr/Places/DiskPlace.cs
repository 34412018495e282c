using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;

namespace HyperBdr.Hbdr.Places;

/// <summary>Opens what a person names as a disk: <c>-</c>, a device, an image file, or an NBD export.</summary>
internal static class DiskPlace
{
    public static async Task<IBlockSource> OpenSourceAsync(string text, Io io, CancellationToken ct) =>
        IsNbd(text) ? await NbdClient.ConnectAsync(NbdUri.Parse(text), time: io.Time, ct: ct) : SourceUri.Open(text);

    public static async Task<IBlockTarget> OpenTargetAsync(string text, ExistingFile existing, Io io, CancellationToken ct)
    {
        if (!IsNbd(text)) return TargetUri.Open(text, existing);
        try
        {
            var client = await NbdClient.ConnectAsync(NbdUri.Parse(text), time: io.Time, ct: ct);
            if (!client.IsReadOnly) return client;
            await client.DisposeAsync();
        }
        catch (EngineException e) when (e.Fault == Fault.SourceUnreadable)
        {
            throw new EngineException(Fault.TargetFailed, text, e.Message, e);
        }

        throw new EngineException(Fault.TargetFailed, text, "takes no writes");
    }

    private static bool IsNbd(string text) => text.StartsWith("nbd", StringComparison.Ordinal) && text.Contains("://", StringComparison.Ordinal);
}
