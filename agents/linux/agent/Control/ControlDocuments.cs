using System.Text.Json.Serialization;

namespace HyperBdr.LinuxAgent.Control;

/// <summary>How the agent is, for <c>egisplus-cli agent check</c>.</summary>
/// <param name="Heartbeat">Beats sent since the agent started.</param>
internal sealed record StatusDocument(string Version, bool Registered, bool Protected, long Heartbeat, bool Connected, string? Syncing);

internal sealed record DeviceDocument(string Name, long Size, string Type, string Uuid, bool Excluded, string SyncState);

internal sealed record DevicesDocument(IReadOnlyList<DeviceDocument> Devices);

/// <summary>Local space that a device's copy-on-write data takes during a sync.</summary>
internal sealed record CowDocument(string Device, long Size, double UsedPercent, string State);

internal sealed record CowsDocument(IReadOnlyList<CowDocument> Devices);

/// <param name="MegabytesPerSecond">0 for no limit.</param>
internal sealed record ReadRateDocument(int MegabytesPerSecond);

/// <param name="Reason">Null when it is done.</param>
internal sealed record CleanDocument(string? Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(DevicesDocument))]
[JsonSerializable(typeof(CowsDocument))]
[JsonSerializable(typeof(ReadRateDocument))]
[JsonSerializable(typeof(CleanDocument))]
internal sealed partial class ControlJson : JsonSerializerContext;
