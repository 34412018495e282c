namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Wakes the dispatcher after a commit, so that events leave at once and not at the next poll.</summary>
public sealed class OutboxSignal : WakeUp;
