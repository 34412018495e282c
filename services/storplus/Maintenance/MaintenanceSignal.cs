using HyperBdr.ServiceDefaults;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>Tells this process's worker that there may be a run.</summary>
internal sealed class MaintenanceSignal : WakeUp;
