using System.Collections.Concurrent;
using System.Collections.Immutable;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.ServiceDefaults;

namespace HyperBdr.Porter.Features.Commands;

/// <summary>Live state of commands: the latest progress, and who watches. Only in memory: what must survive is in the database.</summary>
internal sealed class CommandBoard
{
    private readonly ConcurrentDictionary<Guid, (Guid Machine, CommandProgress Progress)> latest = new();
    private readonly ConcurrentDictionary<Guid, ImmutableList<Watching>> watchers = new();

    public CommandProgress? ProgressOf(Guid command) => latest.TryGetValue(command, out var known) ? known.Progress : null;

    public void Publish(Guid command, Guid machine, CommandProgress progress)
    {
        latest[command] = (machine, progress);
        Raise(command, rowChanged: false);
    }

    /// <summary>The row of the command changed.</summary>
    public void Changed(Guid command, bool ended)
    {
        if (ended) latest.TryRemove(command, out _);
        Raise(command, rowChanged: true);
    }

    /// <summary>The machine's stream ended: watchers look again, and progress that nobody will continue here is forgotten.</summary>
    public void Left(Guid machine)
    {
        foreach (var (command, known) in latest.Where(l => l.Value.Machine == machine))
        {
            latest.TryRemove(KeyValuePair.Create(command, known));
            Raise(command, rowChanged: false);
        }
    }

    public Watching Watch(Guid command)
    {
        var watching = new Watching(this, command);
        watchers.AddOrUpdate(command, _ => [watching], (_, others) => others.Add(watching));
        return watching;
    }

    private void Raise(Guid command, bool rowChanged)
    {
        if (!watchers.TryGetValue(command, out var present)) return;
        foreach (var one in present) one.Raise(rowChanged);
    }

    private void Remove(Guid command, Watching watching)
    {
        while (watchers.TryGetValue(command, out var present))
        {
            var rest = present.Remove(watching);
            if (rest.Count > 0 ? watchers.TryUpdate(command, rest, present) : watchers.TryRemove(KeyValuePair.Create(command, present))) return;
        }
    }

    /// <summary>One watcher of one command.</summary>
    internal sealed class Watching(CommandBoard board, Guid command) : WakeUp, IDisposable
    {
        private int changed;

        /// <summary>Whether the row changed since the last question.</summary>
        public bool TakeChanged() => Interlocked.Exchange(ref changed, 0) == 1;

        public void Raise(bool rowChanged)
        {
            if (rowChanged) Interlocked.Exchange(ref changed, 1);
            Raise();
        }

        public void Dispose() => board.Remove(command, this);
    }
}
