using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Something on a machine that an operator should look at, for as long as its beats say so.</summary>
/// <param name="Code">Stable, e.g. <c>gateway.disk.nearly_full</c>.</param>
internal sealed record MachineCondition(string Code, string Message)
{
    /// <summary>More of them are dropped.</summary>
    public const int Most = 16;
    private const int MostCode = 100;
    private const int MostMessage = 500;

    public static MachineCondition Of(Condition said) => new(Cut(said.Code, MostCode), Cut(said.Message, MostMessage));

    private static string Cut(string text, int most) => text.Length > most ? text[..most] : text;
}
