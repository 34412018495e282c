using System.Threading.Channels;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Checks the packs that the index objects list, each once, several side by side.</summary>
/// <param name="repository">The repository.</param>
/// <param name="stock">What the store lists.</param>
/// <param name="selected">Packs to be checked.</param>
/// <param name="full">Hash, decompress and identify too.</param>
/// <param name="workers">Packs side by side.</param>
/// <param name="progress">Counts.</param>
internal sealed class PackScan(Repository repository, Dictionary<PackId, BlobInfo> stock, Func<PackId, bool> selected, bool full, int workers, VerifyProgress progress)
{
    private const int Waiting = 4;

    /// <summary>Calls <paramref name="verdict"/> for every pack, also those without fault; several calls at once.</summary>
    /// <param name="verdict">Takes the verdict of one pack.</param>
    /// <param name="unreadable">Called for an index object that cannot be read.</param>
    /// <param name="ct">Cancels.</param>
    public async Task RunAsync(Action<PackVerdict> verdict, Action<EngineException> unreadable, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var packs = Channel.CreateBounded<PackEntry>(Waiting);
        List<Task> tasks = [TaskGroup.RunAsync(() => FeedAsync(packs.Writer, unreadable, stop.Token), stop)];
        for (var i = 0; i < workers; i++) tasks.Add(TaskGroup.RunAsync(() => WorkAsync(packs.Reader, verdict, stop.Token), stop));
        await TaskGroup.WaitAsync(tasks, ct);
    }

    private async Task FeedAsync(ChannelWriter<PackEntry> to, Action<EngineException> unreadable, CancellationToken ct)
    {
        var seen = new HashSet<PackId>();
        foreach (var name in (await repository.Objects.ListAsync(RepositoryObjects.IndexPrefix, ct)).OrderBy(n => n.Value, StringComparer.Ordinal))
        {
            foreach (var pack in await LoadAsync(name, unreadable, ct))
            {
                if (stock.ContainsKey(pack.Id) && selected(pack.Id) && seen.Add(pack.Id)) await to.WriteAsync(pack, ct);
            }
        }

        to.Complete();
    }

    private async Task<IReadOnlyList<PackEntry>> LoadAsync(BlobName name, Action<EngineException> unreadable, CancellationToken ct)
    {
        try
        {
            return IndexObject.Decode(await repository.Objects.GetIndexAsync(name.Value, ct));
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            // A collector put another in its place.
            return [];
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.MissingEpoch)
        {
            unreadable(new EngineException(e.Fault, name.Value, e.Message, e));
            return [];
        }
    }

    private async Task WorkAsync(ChannelReader<PackEntry> from, Action<PackVerdict> verdict, CancellationToken ct)
    {
        using var check = new PackCheck(repository.Store, repository.Objects.Keys, full);
        await foreach (var pack in from.ReadAllAsync(ct))
        {
            var found = await check.RunAsync(pack, ct);
            progress.AddDone(pack.Length);
            progress.AddPack(found.Checked);
            verdict(found);
        }
    }
}
