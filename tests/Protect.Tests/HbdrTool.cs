using HyperBdr.Demo;

namespace HyperBdr.ProtectTests;

/// <summary>The published hbdr, as scripts/hbdr.sh makes it.</summary>
internal static class HbdrTool
{
    private static readonly Lazy<Task<string>> Published = new(async () =>
        (await Tool.RunAsync(System.IO.Path.Combine(Scratch.Root, "scripts", "hbdr.sh"), [], CancellationToken.None)).Trim());

    public static Task<string> PathAsync() => Published.Value;
}
