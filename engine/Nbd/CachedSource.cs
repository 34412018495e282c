using System.Buffers;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>A bounded cache before a slow source: readers of one place share one read of the source, and whoever reads front to back is read ahead of.</summary>
/// <remarks>Safe for calls side by side. A failed read of the source fails the calls that wait for it and is not remembered.
/// Units that were used longest ago go first. The source is disposed with the cache.</remarks>
public sealed class CachedSource : IBlockSource
{
    private readonly Lock gate = new();
    private readonly IBlockSource source;
    private readonly CachedSourceOptions options;
    private readonly Dictionary<long, CacheUnit> units = [];
    private readonly LinkedList<CacheUnit> byUse = new();
    private readonly SequentialReads sequential;
    private readonly SemaphoreSlim fetches;
    private readonly CancellationTokenSource closing = new();
    private readonly HashSet<Task> running = [];
    private readonly int unit;
    private readonly int maxUnits;
    private readonly long length;
    private readonly int step;

    /// <param name="source">The source, of known and constant length and content.</param>
    /// <param name="options">Sizes.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public CachedSource(IBlockSource source, CachedSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        this.source = source;
        this.options = options ??= new();
        unit = options.UnitBytes;
        length = source.Length ?? throw new EngineException(Fault.InvalidArgument, source.Name, "a stream of unknown length cannot be cached");
        if (unit < Block.Size || (unit & (unit - 1)) != 0 || options.FetchBytes < unit || options.FetchBytes % unit != 0 || options.CapacityBytes < 4 * options.FetchBytes || options.FetchesInFlight < 1)
            throw new EngineException(Fault.InvalidArgument, source.Name, "sizes of the cache do not fit together");
        maxUnits = options.CapacityBytes / unit;
        step = options.CapacityBytes / 4 / unit * unit;
        fetches = new(options.FetchesInFlight);
        sequential = new(unit, options.CapacityBytes / 2);
    }

    /// <inheritdoc/>
    public string Name => source.Name;

    /// <inheritdoc/>
    public long? Length => length;

    /// <summary>Bytes that are cached or sized together.</summary>
    public int UnitBytes => unit;

    /// <summary>Memory for cached bytes.</summary>
    public int CapacityBytes => options.CapacityBytes;

    /// <summary>Told of each unit that a reader (not the cache itself) touches. Must be quick and must not throw.</summary>
    internal Action<long>? Touched { get; set; }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (offset < 0) throw new EngineException(Fault.InvalidArgument, $"{Name}@{offset}", "a negative offset");
        var size = (int)Math.Clamp(length - offset, 0, into.Length);
        for (var done = 0; done < size;)
        {
            // A read that is larger than the cache passes through it in parts.
            var some = Math.Min(size - done, step - (int)((offset + done) % unit));
            await ReadStepAsync(offset + done, into.Slice(done, some), ct);
            done += some;
        }

        return size;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, CancellationToken ct) => source.ExtentsAsync(range, ct);

    /// <summary>Brings a range into the cache, as far as it has room that nobody holds.</summary>
    public Task WarmAsync(ByteRange range, CancellationToken ct)
    {
        var (first, last) = (range.Offset / unit, (Math.Min(range.End, length) - 1) / unit);
        var held = new List<CacheUnit>();
        lock (gate) Take(first, last, held);
        return ReleaseWhenFilledAsync(held, ct);
    }

    /// <summary>Ends what is under way, then disposes the source.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] all;
        lock (gate)
        {
            if (closing.IsCancellationRequested) return;
            closing.Cancel();
            all = [.. running];
        }

        await Task.WhenAll(all);
        fetches.Dispose();
        closing.Dispose();
        await source.DisposeAsync();
    }

    private async ValueTask ReadStepAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        var (first, last) = (offset / unit, (offset + into.Length - 1) / unit);
        var held = new List<CacheUnit>((int)(last - first) + 1);
        int taken;
        lock (gate)
        {
            taken = Take(first, last, held);
            ReadAhead(offset, offset + into.Length);
        }

        Tell(first, last);
        try
        {
            foreach (var cached in held)
            {
                if (Pending(cached) is { } filling) await filling.WaitAsync(ct);
                Copy(cached, offset, into);
            }
        }
        finally
        {
            lock (gate) Release(held);
        }

        // No room that nobody holds: the rest comes from the source itself.
        var start = (first + taken) * unit - offset;
        if (start < into.Length) await PassAsync(offset + Math.Max(start, 0), into[(int)Math.Max(start, 0)..], ct);
    }

    private void Tell(long first, long last)
    {
        for (var number = first; number <= last; number++)
        {
            options.Trace?.Touch(number);
            Touched?.Invoke(number);
        }
    }

    private async ValueTask PassAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        var size = (into.Length + Block.Size - 1) & -Block.Size;
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        await fetches.WaitAsync(ct);
        try
        {
            if (await source.ReadAsync(offset, buffer.AsMemory(0, size), ct) < into.Length) throw Shrank(offset);
            buffer.AsMemory(0, into.Length).CopyTo(into);
        }
        finally
        {
            fetches.Release();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Copy(CacheUnit cached, long offset, Memory<byte> into)
    {
        var from = Math.Max(cached.Number * unit, offset);
        var until = Math.Min(cached.Number * unit + cached.Length, offset + into.Length);
        if (until > from) cached.Bytes.AsSpan((int)(from - cached.Number * unit), (int)(until - from)).CopyTo(into.Span[(int)(from - offset)..]);
    }

    private Task? Pending(CacheUnit cached)
    {
        lock (gate) return cached.Filling?.Task;
    }

    /// <summary>Pins the units of a range, and begins to fetch those that are not there. Under the gate.</summary>
    /// <returns>How many could be had, from the first on.</returns>
    private int Take(long first, long last, List<CacheUnit> held)
    {
        var run = new List<CacheUnit>();
        var taken = 0;
        for (var number = first; number <= last; number++, taken++)
        {
            var isNew = !units.TryGetValue(number, out var cached);
            if (isNew && (cached = Make(number)) is null) break;
            cached!.Pins++;
            if (cached.Place is not null) byUse.Remove(cached.Place);
            cached.Place = null;
            held.Add(cached);
            if (isNew) run.Add(cached);
            if (run.Count > 0 && (!isNew || run.Count * unit >= options.FetchBytes))
            {
                Fetch(run);
                run = [];
            }
        }

        if (run.Count > 0) Fetch(run);
        return taken;
    }

    private void ReadAhead(long start, long end)
    {
        var (from, to) = sequential.Note(start, end);
        if (from >= to || from >= length) return;
        var held = new List<CacheUnit>();
        Take(from / unit, (Math.Min(to, length) - 1) / unit, held);
        Release(held);
    }

    /// <summary>A place for a unit: a new one, or that of the unit that was used longest ago. Null when all are held.</summary>
    private CacheUnit? Make(long number)
    {
        byte[] bytes;
        if (units.Count < maxUnits)
        {
            bytes = GC.AllocateUninitializedArray<byte>(unit);
        }
        else
        {
            if (byUse.First is not { } oldest) return null;
            byUse.Remove(oldest);
            units.Remove(oldest.Value.Number);
            bytes = oldest.Value.Bytes;
        }

        var made = new CacheUnit(number, bytes);
        units.Add(number, made);
        return made;
    }

    /// <summary>A unit is in the order of use exactly while it is filled and nobody holds it. Under the gate.</summary>
    private void Release(List<CacheUnit> held)
    {
        foreach (var cached in held)
        {
            cached.Pins--;
            if (cached.Filling is not null || !units.TryGetValue(cached.Number, out var current) || current != cached) continue;
            if (cached.Pins == 0) cached.Place = byUse.AddLast(cached);
        }
    }

    private async Task ReleaseWhenFilledAsync(List<CacheUnit> held, CancellationToken ct)
    {
        try
        {
            foreach (var cached in held)
            {
                if (Pending(cached) is { } filling) await filling.WaitAsync(ct);
            }
        }
        finally
        {
            lock (gate) Release(held);
        }
    }

    /// <summary>Reads adjoining units with one read of the source. Under the gate.</summary>
    private void Fetch(List<CacheUnit> run)
    {
        foreach (var cached in run)
        {
            cached.Pins++;
            // Nobody may be waiting, for instance after reading ahead; the failure is theirs who wait.
            _ = cached.Filling!.Task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        var fetch = Task.Run(() => FetchAsync(run));
        running.Add(fetch);
        _ = fetch.ContinueWith(
            ended =>
            {
                lock (gate) running.Remove(ended);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task FetchAsync(List<CacheUnit> run)
    {
        Exception? failure = null;
        try
        {
            await fetches.WaitAsync(closing.Token);
            try
            {
                await FillAsync(run, closing.Token);
            }
            finally
            {
                fetches.Release();
            }
        }
        catch (Exception e) when (e is EngineException or IOException or OperationCanceledException or ObjectDisposedException or UnauthorizedAccessException)
        {
            failure = e is OperationCanceledException or ObjectDisposedException ? new EngineException(Fault.SourceUnreadable, Name, "the cache was closed", e) : e;
        }

        lock (gate) Settle(run, failure);
    }

    private void Settle(List<CacheUnit> run, Exception? failure)
    {
        foreach (var cached in run)
        {
            var filling = cached.Filling!;
            cached.Filling = null;
            if (failure is null)
            {
                filling.TrySetResult();
                continue;
            }

            units.Remove(cached.Number);
            cached.Filling = filling;
            filling.TrySetException(failure);
        }

        Release(run);
    }

    private async ValueTask FillAsync(List<CacheUnit> run, CancellationToken ct)
    {
        var start = run[0].Number * unit;
        var size = run.Count * unit;
        var buffer = run.Count == 1 ? run[0].Bytes : ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var got = await source.ReadAsync(start, buffer.AsMemory(0, size), ct);
            if (got < Math.Min(size, length - start)) throw Shrank(start + got);
            for (var i = 0; i < run.Count; i++)
            {
                run[i].Length = Math.Clamp(got - i * unit, 0, unit);
                if (run.Count > 1) buffer.AsSpan(i * unit, run[i].Length).CopyTo(run[i].Bytes);
            }
        }
        finally
        {
            if (run.Count > 1) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private EngineException Shrank(long at) => new(Fault.SourceShrank, $"{Name}@{at}", "the source ends early");
}
