namespace HyperBdr.Demo.Protect;

/// <param name="Root">The source tree.</param>
/// <param name="Home">Everything of this run; what an earlier run left there is replaced.</param>
/// <param name="Offset">Moves all ports of the suite.</param>
/// <param name="Fast">Incremental syncs are started by hand and not awaited from the policy.</param>
/// <param name="Keep">Everything runs on until Ctrl-C.</param>
internal sealed record DemoOptions(string Root, string Home, int Offset, bool Fast, bool Keep)
{
    /// <summary>What says that a folder is one of ours and may be emptied.</summary>
    private const string Mark = ".hyperbdr-demo";

    public string SuiteHome => Path.Combine(Home, "suite");

    public string GatewayHome => Path.Combine(Home, "gateway");

    public string RestoreFolder => Path.Combine(Home, "restored");

    public string HostFolder => Path.Combine(Home, "host");

    /// <summary>Private half of the escrow key.</summary>
    public string EscrowKey => Path.Combine(Home, "escrow.pem");

    public string Log => Path.Combine(Home, "protect.log");

    public string Report => Path.Combine(Home, "report.json");

    /// <summary>Empties the folder of an earlier run, and only of one; a suite that such a run could not end is ended.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        if (Directory.Exists(Home) && Directory.EnumerateFileSystemEntries(Home).Any() && !File.Exists(Path.Combine(Home, Mark)))
            throw new InvalidOperationException($"{Home} holds something else: choose another folder with --home.");
        if (Directory.Exists(SuiteHome)) await DemoSuite.StopAsync(this, ct);
        if (Directory.Exists(Home)) Directory.Delete(Home, recursive: true);
        Directory.CreateDirectory(RestoreFolder);
        File.WriteAllText(Path.Combine(Home, Mark), "");
    }

    /// <summary>Log and report stay.</summary>
    public void Clear()
    {
        File.Delete(EscrowKey);
        foreach (var folder in new[] { SuiteHome, GatewayHome, RestoreFolder, HostFolder }.Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
    }
}
