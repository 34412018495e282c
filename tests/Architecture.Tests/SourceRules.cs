using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace HyperBdr.Architecture.Tests;

public sealed partial class SourceRules
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void The_system_map_is_the_same_for_both_engines()
    {
        var program = File.ReadAllText(Path.Combine(Root, "AppHost", "Program.cs"));

        program.ShouldNotContain("#if");
        program.ShouldContain("DistributedApplication.CreateBuilder(args)");
        program.Split('\n').Length.ShouldBeLessThan(150);
    }

    [Fact]
    public void Lock_files_name_no_registry_host()
    {
        var locks = Sources("packages.lock.json").Concat(Sources("package-lock.json")).ToList();

        locks.Count.ShouldBeGreaterThan(20);
        // A package's own home page may stand in npm's file; where it was fetched from may not.
        locks.Where(f => File.ReadAllText(f) is var text && (text.Contains("\"resolved\"", StringComparison.Ordinal) && f.EndsWith("package-lock.json", StringComparison.Ordinal) || (f.EndsWith("packages.lock.json", StringComparison.Ordinal) && HostPattern().IsMatch(text)))).Select(Relative).ShouldBeEmpty();
    }

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        Code().Where(f => UnfinishedPattern().IsMatch(File.ReadAllText(f))).Select(Relative).ShouldBeEmpty();
    }

    [Fact]
    public void No_file_of_the_product_is_longer_than_400_lines()
    {
        Code().Where(f => !f.Contains("Migrations", StringComparison.Ordinal) && File.ReadLines(f).Count() > 400).Select(Relative).ShouldBeEmpty();
    }

    [Fact]
    public void Every_version_is_pinned_centrally()
    {
        Sources("*.csproj").Where(f => VersionPattern().IsMatch(File.ReadAllText(f))).Select(Relative).ShouldBeEmpty();
    }

    private static IEnumerable<string> Code() => Sources("*.cs").Concat(Sources("*.ts")).Concat(Sources("*.tsx"))
        .Where(f => !Relative(f).StartsWith("tests/Architecture.Tests", StringComparison.Ordinal));

    private static IEnumerable<string> Sources(string pattern) => Directory.EnumerateFiles(Root, pattern, SearchOption.AllDirectories)
        .Where(f => !IgnoredPattern().IsMatch(f));

    private static string Relative(string file) => Path.GetRelativePath(Root, file);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex("https?://", RegexOptions.None, 1000)]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"\b(?:TODO|FIXME|HACK|NotImplementedException)\b", RegexOptions.None, 1000)]
    private static partial Regex UnfinishedPattern();

    [GeneratedRegex("<PackageReference[^>]* Version=", RegexOptions.None, 1000)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"/(?:bin|obj|node_modules|dist|generated|\.git)/", RegexOptions.None, 1000)]
    private static partial Regex IgnoredPattern();
}
