using HyperBdr.Fuzz;
using SharpFuzz;

// README.md says how the engine is instrumented and which program feeds this one.
switch (args)
{
    case ["seeds", var folder]:
        Seeds.Write(folder);
        return 0;
    case ["afl", var name] when Targets.All.TryGetValue(name, out var target):
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            Targets.Run(target, bytes.ToArray());
        });
        return 0;
    case ["run", var name, var file] when Targets.All.TryGetValue(name, out var target):
        Targets.Run(target, File.ReadAllBytes(file));
        return 0;
    case [var name] when Targets.All.TryGetValue(name, out var target):
        Fuzzer.LibFuzzer.Run(bytes => Targets.Run(target, bytes));
        return 0;
    default:
        Console.Error.WriteLine($"HyperBdr.Fuzz TARGET | afl TARGET | run TARGET FILE | seeds FOLDER\ntargets: {string.Join(' ', Targets.All.Keys.Order(StringComparer.Ordinal))}");
        return 1;
}
