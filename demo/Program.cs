using System.CommandLine;
using HyperBdr.Demo.Protect;

var source = new Option<string>("--root") { Description = "The source tree", Required = true };
var home = new Option<string?>("--home") { Description = "Folder of everything of this run (default .build/demo/protect)" };
var offset = new Option<int>("--ports:offset") { Description = "Moves all ports of the suite", DefaultValueFactory = _ => 4000 };
var fast = new Option<bool>("--fast") { Description = "Starts the incremental syncs by hand and does not wait for the policy" };
var keep = new Option<bool>("--keep") { Description = "Lets everything run on until Ctrl-C" };
var protect = new Command("protect", "Synchronises a live machine into object storage, restores every point and compares it with an independent ledger") { source, home, offset, fast, keep };
protect.SetAction(async (parsed, ct) =>
{
    var root = Path.GetFullPath(parsed.GetValue(source)!);
    var options = new DemoOptions(
        root, Path.GetFullPath(parsed.GetValue(home) ?? Path.Combine(root, ".build", "demo", "protect")), parsed.GetValue(offset), parsed.GetValue(fast), parsed.GetValue(keep));
    return await ProtectRun.RunAsync(options, Console.Out, TimeProvider.System, ct);
});
return await new RootCommand("Demonstrations of HyperBdr on this machine") { protect }.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
