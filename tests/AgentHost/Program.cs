using HyperBdr.AgentHost;
using HyperBdr.Agents.Commands;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.Extensions.Logging.Abstractions;

// A small agent that is killed by tests: home folder and console as arguments; what its handler does goes to {home}/ledger.
var (home, console) = (args[0], ConsoleAddress.Parse(args[1]));
var store = new IdentityStore(Path.Combine(home, "certs"));
var journal = CommandJournal.Open(Path.Combine(home, "commands"), NullLogger.Instance);
var options = new LinkOptions("1.0.0", _ => Task.FromResult(new Inventory { HostName = "killed" })) { FirstDelay = TimeSpan.FromMilliseconds(20), LongestDelay = TimeSpan.FromMilliseconds(200), ResendAfter = TimeSpan.FromMilliseconds(300), ProgressEvery = TimeSpan.FromMilliseconds(50) };
using var handler = new Ledger(Path.Combine(home, "ledger"));
var link = new LinkClient(new GrpcLinkTransport(() => console, TimeProvider.System), () => console, store, journal, handler, options, TimeProvider.System, NullLogger<LinkClient>.Instance);
await link.RunAsync(CancellationToken.None);
