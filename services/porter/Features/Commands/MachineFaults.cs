using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Commands;

/// <summary>Which failures of a command are a trouble of the machine itself: it stays until somebody does something, whatever is asked of the machine next.</summary>
internal static class MachineFaults
{
    /// <summary>The text comes from the machine and goes to people.</summary>
    private const int MostText = 1000;

    private static readonly string[] Kinds = ["agent.clock.", "agent.disk.", "agent.local_", "agent.memory.", "agent.pool."];

    /// <returns>Null when nothing is wrong with the machine.</returns>
    public static Error? Of(CommandResult result) =>
        !result.Ok && result.Code.Length <= 100 && Array.Exists(Kinds, k => result.Code.StartsWith(k, StringComparison.Ordinal))
            ? new Error(ErrorKind.Conflict, result.Code, result.Message.Length <= MostText ? result.Message : result.Message[..MostText])
            : null;
}
