namespace HyperBdr.LinuxAgent.Control;

/// <summary>What the local command line may ask of the running agent: the boundary between its two processes.</summary>
internal interface IAgentControl
{
    StatusDocument Status();

    DevicesDocument Devices();

    CowsDocument CopyOnWrite();

    ReadRateDocument ReadRate { get; set; }

    /// <summary>Removes what can be made again; refuses while a sync runs.</summary>
    CleanDocument Clean();
}
