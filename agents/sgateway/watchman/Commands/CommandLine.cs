using System.CommandLine;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Agents.Settings;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Watchman.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Command = System.CommandLine.Command;

namespace HyperBdr.Watchman.Commands;

/// <summary>The commands. Exit codes: 0 done, 1 wrong usage or settings, 2 not enrolled, refused or not trusted, 3 the disk or another program failed.</summary>
internal static class CommandLine
{
    private static readonly Option<string> Home = new("--home") { Description = "Folder of the installation", HelpName = "DIR", DefaultValueFactory = _ => "/var/lib/sgateway", Recursive = true };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var root = new RootCommand("Keeps a cloud sync gateway serving and holds its link to the console.") { Home, Run(), Enrol(output), Stop(output) };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await errors.WriteLineAsync($"{parsed.Errors[0].Message} See: watchman --help");
            return 1;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception e) when (e is SettingsException or FormatException)
        {
            await errors.WriteLineAsync(e.Message);
            return 1;
        }
        catch (Exception e) when (e is EnrolmentException or IdentityException)
        {
            await errors.WriteLineAsync(e is EnrolmentException refused ? $"{refused.Message} ({refused.Code})" : e.Message);
            return 2;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(e.Message);
            return 3;
        }
    }

    private static Command Run()
    {
        var supervise = new Option<string>("--supervise") { Description = "How s3block is run: systemd or direct; without it systemd where its unit is installed" };
        supervise.AcceptOnlyFromAmong("systemd", "direct");
        var together = new Option<bool>("--stop-together") { Description = "End s3block too when watchman is told to end" };
        var command = new Command("run", "Run until told to end") { supervise, together };
        command.SetAction((parsed, ct) => RunCommand.RunAsync(HomeOf(parsed), parsed.GetValue(supervise), parsed.GetValue(together), TimeProvider.System));
        return command;
    }

    private static Command Enrol(TextWriter output)
    {
        var console = new Option<string>("--console") { Description = "Address of the console", HelpName = "HOST:PORT", Required = true };
        var token = new Option<string>("--token") { Description = "Enrolment token", Required = true };
        var authority = new Option<FileInfo>("--authority") { Description = "PEM file of the console's authority", HelpName = "FILE", Required = true };
        var publicAddress = new Option<string?>("--public-ip") { Description = "Address that sources reach this gateway by; without it the one that it connects from", HelpName = "ADDRESS" };
        var command = new Command("enroll", "Make this gateway known to the console") { console, token, authority, publicAddress };
        command.SetAction(async (parsed, ct) =>
        {
            var address = ConsoleAddress.Parse(parsed.GetValue(console)!);
            var gateway = Gateway.Open(HomeOf(parsed), TimeProvider.System, NullLogger.Instance);
            if (parsed.GetValue(publicAddress) is { } ip) gateway.Settings.Set(GatewaySettings.PublicIp, ip);
            gateway.Settings.Set(GatewaySettings.WebsocketServer, $"wss://{address}/duplex/gateway/v1");
            var pem = await File.ReadAllTextAsync(parsed.GetValue(authority)!.FullName, ct);
            var (identity, tookOver) = await new EnrolmentClient(address, pem, TimeProvider.System).EnrolAsync(new IdentityStore(gateway.Home.Certificates), parsed.GetValue(token)!, MachineKind.SyncGateway, gateway.Inventory(), Gateway.Version, ct);
            gateway.Settings.Set(GatewaySettings.GatewayUuid, identity.MachineId);
            await output.WriteLineAsync($"Enrolled as {identity.MachineId}{(tookOver ? " (took over its earlier record)" : "")}");
            return 0;
        });
        return command;
    }

    private static Command Stop(TextWriter output)
    {
        var command = new Command("stop", "Stop watchman, then s3block: in the other order s3block would be revived");
        command.SetAction(async (parsed, ct) =>
        {
            var home = new GatewayHome(HomeOf(parsed));
            await new ProcessFile(home.OwnProcess, TimeProvider.System).StopAsync(ct);
            await new ProcessFile(home.DataProcess, TimeProvider.System).StopAsync(ct);
            await output.WriteLineAsync("Stopped");
            return 0;
        });
        return command;
    }

    private static string HomeOf(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(Home)!);
}
