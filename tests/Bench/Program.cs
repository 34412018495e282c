using HyperBdr.Bench;
using HyperBdr.Bench.Link;
using HyperBdr.Bench.Protect;
using HyperBdr.Fixtures.Suite;

// "engine": what needs no suite.
if (args is ["engine"])
{
    await InstantRead.PrintAsync();
    return;
}

// "drill-start": needs root and QEMU.
if (args is ["drill-start"])
{
    await DrillStart.PrintAsync();
    return;
}

// "capture": needs root and a loop device.
if (args is ["capture", ..])
{
    await FreezeWindow.PrintAsync(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 100);
    return;
}

// The process of the simulated agents, which "link" starts.
if (args is ["link-load", .. var load])
{
    await LinkLoad.ServeAsync(load);
    return;
}

// "agent": needs root, the data sets and both native packages.
if (args is ["agent", var dataSets, ..])
{
    await AgentSync.PrintAsync(dataSets, args.Length > 2 ? int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 3);
    return;
}

// "s3block": needs the native package of the gateway, and rclone.
if (args is ["s3block", var work, ..])
{
    await ObjectSpeed.PrintAsync(work, args.Length > 2 ? int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 3);
    return;
}

// Prints the numbers of the foundation; asserts nothing. The suite under test is a fresh one with a home and ports of its own.
var suite = new RunningSuite();
try
{
    await suite.InitializeAsync();
    await Company.CreateAsync(suite);
    if (args is ["link", .. var wanted])
    {
        int Wanted(int place, int usual) => wanted.Length > place ? int.Parse(wanted[place], System.Globalization.CultureInfo.InvariantCulture) : usual;
        await LinkNumbers.PrintAsync(suite, count: Wanted(0, 2000), seconds: Wanted(1, 60));
        return;
    }

    await WarmStart.PrintAsync(suite, rounds: 3);
    await IdleMemory.PrintAsync(suite);
    await GatewayOverhead.PrintAsync(suite, requests: 2000);
    await AuditRate.PrintAsync(suite, calls: 3000);
}
finally
{
    await suite.DisposeAsync();
}
