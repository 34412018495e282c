namespace HyperBdr.AppHost.Processes.Commands;

/// <summary>What the command line asks for; all else is configuration (<c>--ports:offset 1000</c>).</summary>
/// <param name="Detach">Start in the background and return when everything is healthy.</param>
/// <param name="Background">This is the background process of <c>--detach</c>: it has no terminal.</param>
internal sealed record RunOptions(bool Detach, bool Background, string[] Settings)
{
    public const string BackgroundSwitch = "--background";

    public static RunOptions Parse(string[] args) => new(
        args.Contains("--detach"), args.Contains(BackgroundSwitch),
        [.. args.Where(arg => arg is not ("--detach" or BackgroundSwitch))]);
}
