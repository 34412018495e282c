using HyperBdr.Bench;
using HyperBdr.Fixtures.Suite;

// "engine": what needs no suite.
if (args is ["engine"])
{
    await InstantRead.PrintAsync();
    return;
}

// "capture": needs root and a loop device.
if (args is ["capture", ..])
{
    await FreezeWindow.PrintAsync(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 100);
    return;
}

// Prints the numbers of the foundation; asserts nothing. The suite under test is a fresh one with a home and ports of its own.
var suite = new RunningSuite();
try
{
    await suite.InitializeAsync();
    await Company.CreateAsync(suite);
    await WarmStart.PrintAsync(suite, rounds: 3);
    await IdleMemory.PrintAsync(suite);
    await GatewayOverhead.PrintAsync(suite, requests: 2000);
    await AuditRate.PrintAsync(suite, calls: 3000);
}
finally
{
    await suite.DisposeAsync();
}
