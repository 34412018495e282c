using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Migrations;

/// <summary>Applies migrations, and refuses a database that a newer release has already changed.</summary>
internal static partial class Migration
{
    /// <summary>Exit code for what only a person can put right (sysexits.h EX_CONFIG); the suite does not try again.</summary>
    private const int ConfigurationFault = 78;

    private static readonly TimeSpan ServerMayTake = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(IServiceProvider services, IReadOnlyList<Type> databases, CancellationToken ct)
    {
        foreach (var type in databases)
        {
            await using var scope = services.CreateAsyncScope();
            var db = (ServiceDb)scope.ServiceProvider.GetRequiredService(type);
            await WaitForServerAsync(db, scope.ServiceProvider.GetRequiredService<TimeProvider>(), ct);
            var newer = (await db.Database.GetAppliedMigrationsAsync(ct)).Except(db.Database.GetMigrations(), StringComparer.Ordinal).ToList();
            if (newer.Count > 0)
            {
                await Console.Error.WriteLineAsync($"{type.Name} was already changed by a newer release ({newer[^1]}): start that release, or restore the backup made before its upgrade.");
                return ConfigurationFault;
            }

            var pending = (await db.Database.GetPendingMigrationsAsync(ct)).Count();
            if (pending > 0) await db.Database.MigrateAsync(ct);
            Migrated(services.GetRequiredService<ILoggerFactory>().CreateLogger("HyperBdr.Migrations"), type.Name, pending);
        }

        return 0;
    }

    private static async Task WaitForServerAsync(ServiceDb db, TimeProvider time, CancellationToken ct)
    {
        for (var begin = time.GetTimestamp(); ;)
        {
            try
            {
                await db.Database.OpenConnectionAsync(ct);
                await db.Database.CloseConnectionAsync();
                return;
            }
            catch (NpgsqlException) when (time.GetElapsedTime(begin) < ServerMayTake)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
            }
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "{Database}: {Count} migrations applied")]
    private static partial void Migrated(ILogger log, string database, int count);
}
