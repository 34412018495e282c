using System.Globalization;
using HyperBdr.S3Testing;

// --port N --folder DIR --delay-ms N --bucket NAME --access-key KEY --secret-key SECRET; runs until it is told to end.
var given = args.Chunk(2).Where(a => a.Length == 2).ToDictionary(a => a[0], a => a[1], StringComparer.Ordinal);
var defaults = new S3ServerOptions();
var options = defaults with
{
    Port = int.Parse(given.GetValueOrDefault("--port", "0"), CultureInfo.InvariantCulture),
    Delay = TimeSpan.FromMilliseconds(int.Parse(given.GetValueOrDefault("--delay-ms", "0"), CultureInfo.InvariantCulture)),
    Bucket = given.GetValueOrDefault("--bucket", defaults.Bucket),
    AccessKey = given.GetValueOrDefault("--access-key", defaults.AccessKey),
    SecretKey = given.GetValueOrDefault("--secret-key", defaults.SecretKey),
};
await using var server = await S3Server.StartAsync(given.GetValueOrDefault("--folder"), options);
Console.WriteLine($"{server.Endpoint} bucket={options.Bucket} region={options.Region} access-key={options.AccessKey}");

var end = new TaskCompletionSource();
using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, End);
using var terminate = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, End);
await end.Task;

void End(System.Runtime.InteropServices.PosixSignalContext signal)
{
    signal.Cancel = true;
    end.TrySetResult();
}
