using HyperBdr.AppHost.Processes;
using HyperBdr.AppHost.Processes.Supervision;
using Shouldly;
using Xunit;

namespace HyperBdr.AppHost.Tests.Supervision;

public sealed class PlanTests
{
    [Fact]
    public void What_is_needed_comes_before_what_needs_it_however_the_model_lists_them() =>
        Plan.InOrder([new Stub("gateway", "ant"), new Stub("ant", "postgres", "migrations"), new Stub("migrations", "postgres"), new Stub("postgres")])
            .Select(one => one.Name).ShouldBe(["postgres", "migrations", "ant", "gateway"]);

    [Fact]
    public void A_ring_of_needs_is_refused_and_named() =>
        Should.Throw<StartProblemException>(() => Plan.InOrder([new Stub("x", "a"), new Stub("a", "b"), new Stub("b", "c"), new Stub("c", "a")]))
            .Message.ShouldContain("a → b → c → a");

    [Fact]
    public void A_need_that_is_not_in_the_model_is_refused_and_named() =>
        Should.Throw<StartProblemException>(() => Plan.InOrder([new Stub("ant", "mongo")])).Message.ShouldContain("ant waits for mongo");

    [Fact]
    public void Two_resources_of_one_name_are_refused() =>
        Should.Throw<StartProblemException>(() => Plan.InOrder([new Stub("ant"), new Stub("ant")])).Message.ShouldContain("ant");

    private sealed class Stub(string name, params string[] needs) : IRunnable
    {
        public string Name => name;
        public string Command => "";
        public IReadOnlyList<int> Ports => [];
        public bool IsPublic => false;
        public IReadOnlyList<Need> Needs { get; } = [.. needs.Select(need => new Need(need))];
        public bool HasCheck => false;
        public Signal StopSignal => Signal.Terminate;
        public TimeSpan StopLimit => TimeSpan.Zero;
        public Task PrepareAsync(CancellationToken ct) => Task.CompletedTask;
        public Launch CreateLaunch() => throw new InvalidOperationException("a plan starts nothing");
        public Task<Check> CheckAsync(CancellationToken ct) => Task.FromResult(Check.Passed);
        public Task CompleteStartAsync(CancellationToken ct) => Task.CompletedTask;
    }
}
