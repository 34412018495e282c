using HyperBdr.ServiceDefaults;

namespace HyperBdr.Report.Features.Exports;

/// <summary>Wakes the worker of this process when somebody asks for an export.</summary>
internal sealed class ExportSignal : WakeUp;
