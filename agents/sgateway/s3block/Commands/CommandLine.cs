using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HyperBdr.Agents.Settings;
using HyperBdr.S3Block.Keys;

namespace HyperBdr.S3Block.Commands;

/// <summary>The commands. Exit codes: 0 done, 1 wrong usage or settings, 2 damage found, 3 the disk failed.</summary>
internal static class CommandLine
{
    private const int Wrong = 1;
    private const int Failed = 3;

    private static readonly Option<string> Home = new("--home") { Description = "Folder of the installation", HelpName = "DIR", DefaultValueFactory = _ => "/var/lib/sgateway", Recursive = true };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var root = new RootCommand("The S3 endpoint of a cloud sync gateway, on a folder.") { Home, Serve(output), Check(output), Keys(output) };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await errors.WriteLineAsync($"{parsed.Errors[0].Message} See: s3block --help");
            return Wrong;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is OptionException or SettingsException)
        {
            await errors.WriteLineAsync(e.Message);
            return Wrong;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(e.Message);
            return Failed;
        }
    }

    private static Command Serve(TextWriter output)
    {
        var command = new Command("serve", "Serve until told to end");
        command.SetAction(async (parsed, ct) =>
        {
            var options = Options(parsed);
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            await using var server = await Server.StartAsync(options, TimeProvider.System, output.WriteLine, ct);
            await output.WriteLineAsync($"listening on {(options.Certificate is null ? "http" : "https")}://{options.Listen.Address}:{server.Port} monitor {options.Monitor.Address}:{server.MonitorPort} data {options.DataFolder}");
            await told.Task;
            return 0;

            void Stop(PosixSignalContext signal)
            {
                signal.Cancel = true;
                told.TrySetResult();
            }
        });
        return command;
    }

    private static Command Check(TextWriter output)
    {
        var repair = new Option<bool>("--repair") { Description = "Remove parts that no object names and nothing touched for a day, unless damage was found" };
        var command = new Command("check", "Read and verify every stored byte; the endpoint must not be running") { repair };
        command.SetAction(parsed => CheckCommand.Run(Options(parsed), parsed.GetValue(repair), TimeProvider.System, output));
        return command;
    }

    private static Command Keys(TextWriter output)
    {
        var name = new Argument<string>("ACCESS-KEY") { Description = "3 to 128 letters, digits, '-' and '_'" };
        var buckets = new Option<string[]>("--bucket") { Description = "Bucket that the key is for; * for all", HelpName = "NAME", Required = true };
        var policy = new Option<KeyPolicy>("--policy") { Description = "owner, reader, or writer (creates, never replaces or deletes)" };
        var secretFile = new Option<string?>("--secret-file") { Description = "File with the secret; without it one is made and shown", HelpName = "FILE" };
        var comment = new Option<string>("--comment") { DefaultValueFactory = _ => "", Description = "Whose it is" };
        var add = new Command("add", "Add or replace a key; a running endpoint knows it at once") { name, buckets, policy, secretFile, comment };
        add.SetAction(parsed =>
        {
            var secret = parsed.GetValue(secretFile) is { } file ? File.ReadAllText(file).Trim() : Convert.ToBase64String(RandomNumberGenerator.GetBytes(30));
            if (secret.Length < 8) throw new OptionException("--secret-file", "must hold at least 8 characters");
            Registry(parsed).Add(new OwnerKey { AccessKey = parsed.GetValue(name)!, Secret = secret, Policy = parsed.GetValue(policy), Buckets = parsed.GetValue(buckets)!, Comment = parsed.GetValue(comment)! });
            output.WriteLine(parsed.GetValue(secretFile) is null ? $"access_key {parsed.GetValue(name)} secret_key {secret}" : $"access_key {parsed.GetValue(name)}");
        });
        var list = new Command("list", "Keys without their secrets");
        list.SetAction(parsed =>
        {
            foreach (var key in Registry(parsed).All()) output.WriteLine($"{key.AccessKey}\t{key.Policy}\t{string.Join(',', key.Buckets)}\t{key.Comment}");
        });
        var removed = new Argument<string>("ACCESS-KEY");
        var remove = new Command("remove", "Remove a key; a running endpoint refuses it at once") { removed };
        remove.SetAction(parsed => Registry(parsed).Remove(parsed.GetValue(removed)!) ? 0 : throw new OptionException(parsed.GetValue(removed)!, "is no key here"));
        return new Command("keys", "Access keys") { add, list, remove };
    }

    private static KeyRegistry Registry(ParseResult parsed)
    {
        var home = Path.GetFullPath(parsed.GetValue(Home)!);
        return new KeyRegistry(S3BlockOptions.KeyFolderOf(home), null, InstallKey.Open(S3BlockOptions.InstallKeyOf(home)));
    }

    private static S3BlockOptions Options(ParseResult parsed)
    {
        var home = Path.GetFullPath(parsed.GetValue(Home)!);
        var configuration = Path.Combine(home, "config", "s3block_config.ini");
        var installKey = InstallKey.Open(S3BlockOptions.InstallKeyOf(home));
        SealedSecret.Seal(configuration, installKey);
        return S3BlockOptions.From(IniPairs.Read(configuration, "system"), home, installKey);
    }
}
