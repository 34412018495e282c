using System.Security.Cryptography;
using HyperBdr.Contracts.Errors;
using HyperBdr.Engine;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Repositories;

/// <summary>What a fault of the engine, or of the way to a store, means for a caller.</summary>
internal static class EngineErrors
{
    public static readonly Error Refused = new(ErrorKind.Conflict, "storplus.pool.refused", "The storage pool refuses the access; check the pool again.");

    /// <summary>Also a sealed key that this installation's master key does not open.</summary>
    public static bool Covers(Exception e) => e is EngineException or StoreException or CryptographicException;

    public static Error Of(Exception e) => e is CryptographicException ? TenantRepository.Unreadable : e is not EngineException engine ? Refused : engine.Fault switch
    {
        // What the guarded connection refuses comes out of the transport, wrapped.
        _ when Inner<StoreException>(e) is not null => Refused,
        Fault.StoreUnavailable or Fault.Busy or Fault.CacheFailed => TenantRepository.StoreAway,
        Fault.StoreFull => TenantRepository.StoreFull,
        Fault.StoreRefused or Fault.StoreFailed or Fault.StoreLies => Refused,
        _ => TenantRepository.Unreadable,
    };

    private static T? Inner<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is T found) return found;
        }

        return null;
    }
}
