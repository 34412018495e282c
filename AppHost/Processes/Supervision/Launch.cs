using HyperBdr.AppHost.Processes.Servers;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>How one process is started.</summary>
/// <param name="Environment">Its whole environment: nothing is inherited.</param>
/// <param name="User">Runs as this user; null for the user who started the suite.</param>
/// <param name="ParentDeathSignal">What the kernel sends it when the AppHost dies.</param>
internal sealed record Launch(
    string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment,
    string WorkingDirectory, ServerUser? User = null, Signal ParentDeathSignal = Signal.Terminate)
{
    /// <summary>
    /// <c>setsid</c> takes the process out of the terminal's group, so that Ctrl-C reaches only the AppHost, which
    /// then stops everything in order. <c>setpriv</c> drops the user and asks for the parent-death signal.
    /// Both end in exec: the process id stays the one that was started.
    /// </summary>
    public IEnumerable<string> Argv()
    {
        yield return "setsid";
        yield return "setpriv";
        yield return "--pdeathsig";
        yield return ParentDeathSignal is Signal.Interrupt ? "INT" : ParentDeathSignal is Signal.Kill ? "KILL" : "TERM";
        foreach (var option in User?.SetprivOptions() ?? []) yield return option;
        yield return File;
        foreach (var argument in Arguments) yield return argument;
    }
}
