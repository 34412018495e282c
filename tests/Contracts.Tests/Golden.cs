using Shouldly;

namespace HyperBdr.Contracts.Tests;

/// <summary>Compares a rendering of the contracts with the file that was agreed on; <c>HYPERBDR_UPDATE_GOLDEN=1</c> writes it anew.</summary>
internal static class Golden
{
    public static void Matches(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(Root(), "contracts", "golden", name);
        var now = string.Join('\n', lines) + "\n";
        if (Environment.GetEnvironmentVariable("HYPERBDR_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, now);
        }

        File.Exists(path).ShouldBeTrue($"{path} is missing");
        now.ShouldBe(File.ReadAllText(path), $"The contract changed. If that is meant, and old readers still understand it: HYPERBDR_UPDATE_GOLDEN=1 dotnet test tests/Contracts.Tests");
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
