// Three roles of one small program: a suite that the AppHost's tests start and kill, the service that this suite runs,
// and (role "servers") the three servers that several test assemblies share.
using HyperBdr.TestHost;

return Environment.GetEnvironmentVariable("TEST_ROLE") switch
{
    "service" => await TestService.RunAsync(),
    "step" => 0,
    _ when args is ["servers", ..] => await SharedServers.RunAsync(args[1..]),
    _ => TestSuite.Run(args),
};
