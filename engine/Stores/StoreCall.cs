namespace HyperBdr.Engine.Stores;

/// <summary>The kinds of calls on a store.</summary>
public enum StoreCall
{
    /// <summary><see cref="IBlobStore.PutAsync"/></summary>
    Put,
    /// <summary><see cref="IBlobStore.ReadAsync"/></summary>
    Read,
    /// <summary><see cref="IBlobStore.FindAsync"/></summary>
    Find,
    /// <summary><see cref="IBlobStore.ListAsync"/></summary>
    List,
    /// <summary><see cref="IBlobStore.DeleteAsync"/></summary>
    Delete,
    /// <summary><see cref="IBlobStore.ClockAsync"/></summary>
    Clock,
}
