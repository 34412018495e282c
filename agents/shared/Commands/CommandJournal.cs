using Google.Protobuf;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Engine.IO;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Commands;

/// <summary>What became of a command that arrived.</summary>
public enum Arrival
{
    /// <summary>Kept now; it is to be done.</summary>
    New,

    /// <summary>Kept before and not finished.</summary>
    Unfinished,

    /// <summary>Finished: its result is known.</summary>
    Finished,

    /// <summary>Its id cannot be kept, or too many are unfinished.</summary>
    Refused,
}

/// <summary>The commands that arrived, on disk before they are acknowledged, so that each is done once whatever ends the process.</summary>
/// <remarks>
/// A file each: <c>{id}.command</c> until it is finished, then <c>{id}.result</c>, then <c>{id}.kept</c> once the console has the result. Each step is written
/// durably before it is told. Of kept ones the newest <see cref="KeptFiles"/> stay: a command that comes again is answered from them. Thread-safe.
/// </remarks>
public sealed partial class CommandJournal
{
    public const int KeptFiles = 1000;
    private const int MostUnfinished = 1000;
    private const int MaxLength = 4 << 20;
    private readonly string folder;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Command> unfinished = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CommandResult> finished = new(StringComparer.Ordinal);
    private readonly Queue<string> keptIds = new();
    private readonly HashSet<string> kept = new(StringComparer.Ordinal);

    private CommandJournal(string folder) => this.folder = folder;

    /// <summary>Reads the folder, or makes it. A file that cannot be read is set aside (<c>.damaged</c>) and warned of.</summary>
    public static CommandJournal Open(string folder, ILogger log)
    {
        DurableFiles.MakeFolder(folder);
        var journal = new CommandJournal(folder);
        foreach (var file in new DirectoryInfo(folder).GetFiles().OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal))
        {
            if (file.Extension == ".part") file.Delete();
            else if (!journal.TryTake(file))
            {
                DurableFiles.Rename(file.FullName, file.FullName + ".damaged");
                Damaged(log, file.FullName);
            }
        }

        // A crash between writing the result and removing the command leaves both: the result says more.
        foreach (var id in journal.unfinished.Keys.Where(id => journal.finished.ContainsKey(id) || journal.kept.Contains(id)).ToList()) journal.DropCommand(id);
        foreach (var id in journal.kept.Where(journal.finished.ContainsKey).ToList()) journal.DropResult(id);
        return journal;
    }

    /// <summary>Commands that are kept and not finished, oldest first.</summary>
    public IReadOnlyList<Command> Unfinished
    {
        get
        {
            lock (gate) return [.. unfinished.Values];
        }
    }

    /// <summary>Results that the console has not said to have kept.</summary>
    public IReadOnlyList<CommandResult> NotKept
    {
        get
        {
            lock (gate) return [.. finished.Values];
        }
    }

    /// <summary>Keeps a command unless it is known.</summary>
    /// <exception cref="IOException">The disk did not take it; the command is not kept.</exception>
    public (Arrival Arrival, CommandResult? Result) Accept(Command command)
    {
        lock (gate)
        {
            if (!IsId(command.Id) || command.CalculateSize() > MaxLength) return (Arrival.Refused, null);
            if (finished.TryGetValue(command.Id, out var result)) return (Arrival.Finished, result);
            if (kept.Contains(command.Id)) return (Arrival.Finished, ReadKept(command.Id));
            if (unfinished.ContainsKey(command.Id)) return (Arrival.Unfinished, null);
            if (unfinished.Count >= MostUnfinished) return (Arrival.Refused, null);
            DurableFiles.Write(At(command.Id, ".command"), command.ToByteArray());
            unfinished.Add(command.Id, command);
            return (Arrival.New, null);
        }
    }

    /// <summary>Keeps the result of a command.</summary>
    /// <exception cref="IOException">The disk did not take it; the command is still unfinished.</exception>
    public void Finish(CommandResult result)
    {
        lock (gate)
        {
            if (!unfinished.ContainsKey(result.CommandId)) return;
            DurableFiles.Write(At(result.CommandId, ".result"), result.ToByteArray());
            finished[result.CommandId] = result;
            DropCommand(result.CommandId);
        }
    }

    /// <summary>The console has kept the result: it is not sent again unless the command comes again.</summary>
    public void Kept(string id)
    {
        lock (gate)
        {
            if (!finished.Remove(id)) return;
            DurableFiles.Rename(At(id, ".result"), At(id, ".kept"));
            AddKept(id);
        }
    }

    private static bool IsId(string id) => id.Length is > 0 and <= 64 && id.AsSpan().IndexOfAnyExcept(IdCharacters) < 0;

    private static readonly System.Buffers.SearchValues<char> IdCharacters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private string At(string id, string extension) => Path.Combine(folder, id + extension);

    private bool TryTake(FileInfo file)
    {
        var id = Path.GetFileNameWithoutExtension(file.Name);
        try
        {
            switch (file.Extension)
            {
                case ".command":
                    var command = Command.Parser.ParseFrom(DurableFiles.Read(file.FullName, MaxLength));
                    if (command.Id == id) unfinished[id] = command;
                    return command.Id == id;
                case ".result":
                    var result = CommandResult.Parser.ParseFrom(DurableFiles.Read(file.FullName, MaxLength));
                    if (result.CommandId == id) finished[id] = result;
                    return result.CommandId == id;
                case ".kept":
                    AddKept(id);
                    return true;
                default:
                    return true;
            }
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or IOException)
        {
            return false;
        }
    }

    private void AddKept(string id)
    {
        if (!kept.Add(id)) return;
        keptIds.Enqueue(id);
        while (keptIds.Count > KeptFiles && keptIds.TryDequeue(out var oldest))
        {
            kept.Remove(oldest);
            File.Delete(At(oldest, ".kept"));
        }
    }

    private CommandResult ReadKept(string id)
    {
        try
        {
            return CommandResult.Parser.ParseFrom(DurableFiles.Read(At(id, ".kept"), MaxLength) ?? []) is { CommandId.Length: > 0 } result ? result : Lost(id);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or IOException)
        {
            return Lost(id);
        }
    }

    private static CommandResult Lost(string id) => new() { CommandId = id, Code = "agent.command.result_lost", Message = "This command was finished and its result delivered before; the machine's own copy of the result cannot be read." };

    private void DropCommand(string id)
    {
        unfinished.Remove(id);
        File.Delete(At(id, ".command"));
    }

    private void DropResult(string id)
    {
        finished.Remove(id);
        File.Delete(At(id, ".result"));
    }

    [LoggerMessage(EventId = 8101, Level = LogLevel.Error, Message = "A kept command cannot be read and was set aside: {Path}")]
    private static partial void Damaged(ILogger log, string path);
}
