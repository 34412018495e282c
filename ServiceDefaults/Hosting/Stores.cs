using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace HyperBdr.ServiceDefaults.Hosting;

public static class Stores
{
    /// <summary>The service's own PostgreSQL database with outbox and inbox; ready only while it answers.</summary>
    /// <param name="connection">Name of the connection string, e.g. <c>antdb</c>.</param>
    public static WebApplicationBuilder AddDatabase<TDb>(this WebApplicationBuilder builder, string connection)
        where TDb : ServiceDb
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<OutboxSignal>();
        builder.Services.TryAddScoped<CallContext>();
        builder.Services.AddScoped<ServiceDbParts>();
        builder.Services.AddDbContext<TDb>((services, options) => options.UseService(services.GetRequiredService<IConfiguration>().GetConnectionString(connection)
            ?? throw new InvalidOperationException($"ConnectionStrings:{connection} is not set.")));
        builder.Services.AddScoped<ServiceDb>(s => s.GetRequiredService<TDb>());
        builder.Services.AddScoped<IOutbox>(s => s.GetRequiredService<TDb>());
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck>("database", tags: ["ready"]);
        return builder;
    }

    /// <summary>The form of every database: snake_case names, no tracking surprises, no silent client evaluation.</summary>
    public static void UseService(this DbContextOptionsBuilder options, string connection) =>
        options.UseNpgsql(connection).UseSnakeCaseNamingConvention().AddInterceptors(CommitInterceptor.Instance);

    /// <summary>Redis for live state; a lost Redis makes the service unready, never permissive.</summary>
    public static WebApplicationBuilder AddRedis(this WebApplicationBuilder builder)
    {
#if ASPIRE
        builder.AddRedisClient("redis");
#else
        var connection = builder.Configuration.GetConnectionString("redis") ?? throw new InvalidOperationException("ConnectionStrings:redis is not set.");
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
        {
            var options = ConfigurationOptions.Parse(connection);
            options.AbortOnConnectFail = false;
            // While Redis is away, calls fail at once instead of waiting in line.
            options.BacklogPolicy = BacklogPolicy.FailFast;
            return ConnectionMultiplexer.Connect(options);
        });
#endif
        builder.Services.AddHealthChecks().AddCheck<RedisCheck>("redis", tags: ["ready"]);
        return builder;
    }

    private sealed class DatabaseCheck(ServiceDb db) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            await db.Database.CanConnectAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The database does not answer.");
    }

    private sealed class RedisCheck(IConnectionMultiplexer redis) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                return HealthCheckResult.Healthy((await redis.GetDatabase().PingAsync()).ToString());
            }
            catch (RedisException e)
            {
                return HealthCheckResult.Unhealthy("Redis does not answer.", e);
            }
        }
    }
}
