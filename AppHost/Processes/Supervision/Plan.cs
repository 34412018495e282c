namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>The order of starting: what is needed before what needs it.</summary>
internal static class Plan
{
    /// <exception cref="StartProblemException">A need is unknown, a name is taken twice, or needs form a ring.</exception>
    public static IReadOnlyList<IRunnable> InOrder(IReadOnlyList<IRunnable> runnables)
    {
        var byName = new Dictionary<string, IRunnable>(StringComparer.Ordinal);
        foreach (var one in runnables)
            if (!byName.TryAdd(one.Name, one)) throw new StartProblemException($"Two resources are named {one.Name}: rename one in AppHost/Program.cs.");

        var ordered = new List<IRunnable>();
        var path = new List<string>();
        foreach (var one in runnables) Visit(one);
        return ordered;

        void Visit(IRunnable one)
        {
            if (ordered.Contains(one)) return;
            if (path.Contains(one.Name))
                throw new StartProblemException($"Resources wait for each other: {string.Join(" → ", path.SkipWhile(name => name != one.Name))} → {one.Name}. Remove one WaitFor in AppHost/Program.cs.");
            path.Add(one.Name);
            foreach (var need in one.Needs)
                Visit(byName.GetValueOrDefault(need.Name) ?? throw new StartProblemException($"{one.Name} waits for {need.Name}, which is not in AppHost/Program.cs."));
            path.RemoveAt(path.Count - 1);
            ordered.Add(one);
        }
    }
}
