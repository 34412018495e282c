using HyperBdr.ServiceDefaults;

namespace HyperBdr.Ant.Running;

/// <summary>Wakes the worker of this process; what other processes create is found by polling.</summary>
public sealed class TaskSignal : WakeUp;
