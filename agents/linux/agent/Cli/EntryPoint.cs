using System.CommandLine;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Agents.Settings;
using HyperBdr.LinuxAgent.Config;
using HyperBdr.LinuxAgent.Inventory;
using HyperBdr.LinuxAgent.Layout;
using HyperBdr.LinuxAgent.Service;

namespace HyperBdr.LinuxAgent.Cli;

/// <summary>One program under two names: egisplus-agent is the service, egisplus-cli asks it.</summary>
internal static class EntryPoint
{
    private const int Failed = 1;
    private const int WrongUse = 64;
    private const int WrongConfig = 78;

    public static async Task<int> RunAsync(string[] args)
    {
        // The name that it was started by; the runtime tells that of the file behind the link.
        var isCli = Path.GetFileName((SmallFile.Read("/proc/self/cmdline") ?? "").Split('\0')[0]) == "egisplus-cli";
        var root = isCli ? CliCommands.Create(Console.Out, Console.Error) : Agent();
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync($"{(isCli ? "egisplus-cli" : "egisplus-agent")}: {error.Message}");
            return WrongUse;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static RootCommand Agent()
    {
        var home = new Option<string>("--home") { Description = "Prefix of all paths, for an agent that does not touch its machine", HelpName = "DIR", DefaultValueFactory = _ => "", Recursive = true };
        var devices = new Option<string>("--devices") { Description = "Block devices, by commas, in place of all disks of this machine", HelpName = "LIST", DefaultValueFactory = _ => "", Recursive = true };
        return new RootCommand("Agent of a protected Linux machine") { home, devices, Run(home, devices), Enroll(home, devices), Version() };
    }

    private static Command Run(Option<string> home, Option<string> devices)
    {
        var command = new Command("run", "Run the service until it is ended");
        command.SetAction(async (parsed, ct) =>
        {
            var service = new AgentService(PathsOf(parsed.GetValue(home)!), new MachineInventory(List(parsed.GetValue(devices)!)), TimeProvider.System);
            try
            {
                await service.RunAsync(ct);
                return 0;
            }
            catch (Exception e) when (e is ConfigException or SettingsException)
            {
                await Console.Error.WriteLineAsync($"egisplus-agent: {e.Message}");
                return WrongConfig;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or IdentityException)
            {
                await Console.Error.WriteLineAsync($"egisplus-agent: {e.Message}");
                return Failed;
            }
        });
        return command;
    }

    private static Command Enroll(Option<string> home, Option<string> devices)
    {
        var console = new Option<string>("--console") { Description = "Where the console is", HelpName = "HOST:PORT", Required = true };
        var token = new Option<string>("--token") { Description = "Enrolment token of the console", Required = true };
        var authority = new Option<FileInfo>("--authority") { Description = "Certificate (PEM) that the console's must chain to", HelpName = "FILE", Required = true };
        var command = new Command("enroll", "Register this machine at the console") { console, token, authority };
        command.SetAction(async (parsed, ct) =>
        {
            if (!ConsoleAddress.TryParse(parsed.GetValue(console)!, out var address))
            {
                await Console.Error.WriteLineAsync($"egisplus-agent: '{parsed.GetValue(console)}' is not host:port");
                return WrongUse;
            }

            try
            {
                var registration = new Registration(PathsOf(parsed.GetValue(home)!), new MachineInventory(List(parsed.GetValue(devices)!)), TimeProvider.System);
                var tookOver = await registration.EnrolAsync(address, parsed.GetValue(token)!, await File.ReadAllTextAsync(parsed.GetValue(authority)!.FullName, ct), ct);
                Console.WriteLine(tookOver ? "Registered; the record of an earlier installation was taken over" : "Registered");
                return 0;
            }
            catch (EnrolmentException e)
            {
                await Console.Error.WriteLineAsync($"egisplus-agent: {e.Code}: {e.Message}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or IdentityException)
            {
                await Console.Error.WriteLineAsync($"egisplus-agent: {e.Message}");
            }

            return Failed;
        });
        return command;
    }

    private static Command Version()
    {
        var command = new Command("version", "Show the version");
        command.SetAction(_ => Console.WriteLine($"egisplus-agent {AgentVersion.Text}"));
        return command;
    }

    private static AgentPaths PathsOf(string home) => new(home.Length == 0 ? "" : Path.GetFullPath(home));

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
