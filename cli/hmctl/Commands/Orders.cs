using HyperBdr.Contracts.Control;
using HyperBdr.Hmctl.Suites;

namespace HyperBdr.Hmctl.Commands;

/// <summary><c>hmctl start | stop | restart | reload | shutdown</c>.</summary>
internal static class Orders
{
    public sealed record Options(Order Order, string? Service, TimeSpan HealthyWithin);

    public static async Task<int> RunAsync(ISuite suite, Options options, Io io, CancellationToken ct)
    {
        var service = options.Service is null ? null : ServiceNames.Resolve(options.Service);
        await suite.OrderAsync(options.Order, service, ct);
        if (options.Order is Order.Stop or Order.Shutdown)
        {
            await io.Out.WriteLineAsync($"{service ?? "The suite"} is stopped.");
            return ExitCodes.Done;
        }
        return await HealthyAsync(suite, service, options.HealthyWithin, io, ct);
    }

    private static async Task<int> HealthyAsync(ISuite suite, string? service, TimeSpan within, Io io, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = await suite.StatusAsync(ct);
            var waited = status.Services.Where(one => service is null || one.Name == service).ToList();
            if (waited.TrueForAll(IsReady))
            {
                await io.Out.WriteLineAsync($"{service ?? "The suite"} is healthy.");
                return ExitCodes.Done;
            }
            if (waited.Find(one => one is { State: ServiceState.Exited, ExitCode: not (null or 0) }) is { } failed)
                throw new CommandFailedException(ExitCodes.NotUp, $"{failed.Name}: {failed.Text}{Because(failed)}. Look at: hmctl logs {failed.Name}");
            if (TimeProvider.System.GetElapsedTime(started) > within)
            {
                var late = waited.First(one => !IsReady(one));
                throw new CommandFailedException(ExitCodes.TimedOut, $"{late.Name} is {late.Text} after {within.TotalSeconds:0} s{Because(late)}. Look at: hmctl logs {late.Name}");
            }
            await Task.Delay(TimeSpan.FromSeconds(0.2), ct);
        }
    }

    private static bool IsReady(ServiceStatus one) => one.State is ServiceState.Healthy or ServiceState.Up || one is { State: ServiceState.Exited, ExitCode: 0 };

    private static string Because(ServiceStatus one) => one.Problem is null ? "" : $", {one.Problem}";
}
