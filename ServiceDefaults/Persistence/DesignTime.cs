using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace HyperBdr.ServiceDefaults.Persistence;

/// <summary>Makes a service's context for the tool that writes migrations; it connects to nothing.</summary>
public abstract class DesignTime<TDb>(Func<DbContextOptions<TDb>, ServiceDbParts, TDb> make) : IDesignTimeDbContextFactory<TDb>
    where TDb : ServiceDb
{
    public TDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<TDb>();
        options.UseService("Host=localhost");
        return make(options.Options, new ServiceDbParts(new CallContext(), TimeProvider.System, new OutboxSignal()));
    }
}
