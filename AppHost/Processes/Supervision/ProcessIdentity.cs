using System.Globalization;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>A process id with its start time, so that a reused id is never taken for the process that had it before.</summary>
internal sealed record ProcessIdentity(int Id, long StartTicks)
{
    /// <summary>Identity of a living process; null when there is none (or only a zombie).</summary>
    public static ProcessIdentity? Of(int processId)
    {
        var fields = StatFields(processId);
        // Fields after "(name)": [0] state, [19] start time in clock ticks since boot. See proc(5), fields 3 and 22.
        return fields is null || fields[0] is "Z" or "X" ? null : new(processId, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    public bool IsAlive => Of(Id) == this;

    public string Serialize() => string.Create(CultureInfo.InvariantCulture, $"{Id} {StartTicks}");

    public static ProcessIdentity? Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.TrimEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var id)
            && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var ticks) ? new(id, ticks) : null;
    }

    /// <summary>Fields of <c>/proc/N/stat</c> from the state on; the name before may hold spaces and brackets.</summary>
    public static string[]? StatFields(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
