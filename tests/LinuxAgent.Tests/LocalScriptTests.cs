using System.Diagnostics;
using System.Globalization;
using HyperBdr.Fixtures;
using HyperBdr.LinuxAgent.Syncs;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

public sealed class LocalScriptTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-scripts-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_script_gets_phase_and_task_and_a_path_and_nothing_else_of_the_agents_surroundings()
    {
        Environment.SetEnvironmentVariable("HYPERBDR_TEST_SECRET", "hunter2");
        var said = await Find("show", "echo \"$0 $*\"; env; pwd; cat").RunAsync(["pre", "task-1"], Ct);
        said.ShouldStartWith($"{folder}/show pre task-1 ");
        said.ShouldNotContain("hunter2");
        said.ShouldNotContain("HOME=");
        said.ShouldContain("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        said.ShouldEndWith(" /");
    }

    [Fact]
    public async Task A_code_other_than_zero_fails_with_the_code_and_what_the_script_said()
    {
        var failed = await Should.ThrowAsync<SyncFailure>(Find("broken", "echo to the screen; echo no database >&2; exit 3").RunAsync(["pre", "t"], Ct));
        failed.Code.ShouldBe("agent.script.failed");
        failed.Message.ShouldStartWith("The script broken ended with 3: to the screen");
        failed.Message.ShouldEndWith("no database.");
        (await Should.ThrowAsync<SyncFailure>(Find("loud", "head -c 1000000 /dev/zero | tr '\\0' x; exit 1").RunAsync(["pre", "t"], Ct))).Message.Length.ShouldBeLessThan(3000);
    }

    [Fact]
    public async Task A_script_that_takes_too_long_is_ended_with_all_that_it_started()
    {
        var children = Path.Combine(folder, "children");
        var failed = await Should.ThrowAsync<SyncFailure>(Find("slow", $"sleep 600 & echo $! > {children}; echo $$ >> {children}; wait", new ShortMinute()).RunAsync(["pre", "t"], Ct));
        failed.Code.ShouldBe("agent.script.failed");
        failed.Message.ShouldContain("did not end within 60 s");
        foreach (var id in File.ReadAllLines(children).Select(l => int.Parse(l, CultureInfo.InvariantCulture))) await Waiting.UntilAsync($"the end of {id}", TimeSpan.FromSeconds(10), () => Task.FromResult(!IsAlive(id)));
    }

    [Fact]
    public async Task What_a_script_leaves_running_is_not_waited_for()
    {
        var child = Path.Combine(folder, "child");
        await Find("starter", $"sleep 600 & echo $! > {child}").RunAsync(["post", "t"], Ct);
        var id = int.Parse(await File.ReadAllTextAsync(child, Ct), CultureInfo.InvariantCulture);
        IsAlive(id).ShouldBeTrue();
        Process.GetProcessById(id).Kill();
    }

    [Fact]
    public void What_others_could_have_written_is_not_run()
    {
        Put("good", "exit 0", Owner);
        LocalScript.Find(folder, "good", TimeProvider.System).ShouldNotBeNull();
        LocalScript.Find(folder, "", TimeProvider.System).ShouldBeNull();
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "/bin/true");
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        Put("writable", "exit 0", Owner | UnixFileMode.GroupWrite);
        Put("plain", "exit 0", UnixFileMode.UserRead);
        Put("theirs", "exit 0", Owner);
        Tool.Run("chown", "65534", Path.Combine(folder, "theirs"));
        foreach (var name in (string[])["link", "folder", "writable", "plain", "theirs", "absent", "../good", "a b", "good;id", ".hidden", new string('x', 65)]) Should.Throw<SyncFailure>(() => LocalScript.Find(folder, name, TimeProvider.System), name).Code.ShouldBe("agent.script.refused");
        File.SetUnixFileMode(folder, Owner | UnixFileMode.OtherWrite);
        Should.Throw<SyncFailure>(() => LocalScript.Find(folder, "good", TimeProvider.System)).Message.ShouldContain("must belong to root and nobody else may write it");
    }

    private LocalScript Find(string name, string text, TimeProvider? time = null)
    {
        Put(name, text, Owner);
        return LocalScript.Find(folder, name, time ?? TimeProvider.System)!;
    }

    private void Put(string name, string text, UnixFileMode mode)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(path, mode);
    }

    // A process that was ended may wait for its parent to collect it.
    private static bool IsAlive(int id) => File.Exists($"/proc/{id}/stat") && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z", StringComparison.Ordinal);

    /// <summary>Its minutes last a quarter of a second.</summary>
    private sealed class ShortMinute : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == TimeSpan.FromMinutes(1) ? TimeSpan.FromMilliseconds(250) : dueTime, period);
    }
}
