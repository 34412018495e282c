namespace HyperBdr.Exporter.Collectors;

/// <summary>Whether the programs of this kind of machine run, and how many processes wait for a disk that does not answer.</summary>
internal sealed class ServiceCollector(ProcFiles files, string serviceType)
{
    private static readonly string[] BlockModeProcesses = ["iscsid", "iscsi_eh", "tgtd", "minitgt"];

    // The kernel keeps 15 characters of a name.
    private readonly string[] expected = serviceType switch
    {
        "s3block" => ["s3block", "watchman"],
        "linux_agent" => ["egisplus-agent"],
        "hamal" => ["hamal"],
        _ => [],
    };

    public void Write(MetricText text)
    {
        // "1234 (name) S 1 ...": the name may hold blanks and brackets.
        var processes = files.Folders("/proc").Where(n => char.IsAsciiDigit(n[0])).Select(n => files.Text($"/proc/{n}/stat")).Where(s => s.Contains(") ", StringComparison.Ordinal))
            .Select(s => (Name: s[(s.IndexOf('(', StringComparison.Ordinal) + 1)..s.LastIndexOf(')')], State: s[s.LastIndexOf(')') + 2])).ToList();
        foreach (var name in expected) text.Gauge("hyperbdr_process_up", "1 when the program runs.", processes.Any(p => p.Name == name && p.State is not ('Z' or 'X')) ? 1 : 0, ("process", name));
        text.Gauge("hyperbdr_iscsi_blocked_processes", "iSCSI processes that wait for a device (state D).", processes.Count(p => p.State == 'D' && BlockModeProcesses.Contains(p.Name)));
    }
}
