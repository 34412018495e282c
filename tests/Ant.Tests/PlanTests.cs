using HyperBdr.Ant.Plans;
using Shouldly;
using Xunit;

namespace HyperBdr.Ant.Tests;

public sealed class PlanTests
{
    [Fact]
    public void The_plan_of_a_probe_is_sound() => Should.NotThrow(() => TaskPlans.Check(ProbePool.Plan));

    [Fact]
    public void A_plan_whose_step_needs_what_nobody_returned_is_refused() =>
        Fault(Step("first", [], ["a"]), Step("second", ["a", "b"], [])).Message.ShouldContain("step second needs b");

    [Fact]
    public void A_plan_whose_step_needs_what_only_a_later_step_returns_is_refused() =>
        Fault(Step("first", ["a"], []), Step("second", [], ["a"])).Message.ShouldContain("step first needs a");

    [Fact]
    public void A_plan_with_two_steps_of_one_name_is_refused() => Fault(Step("same", [], []), Step("same", [], [])).Message.ShouldContain("two steps");

    [Fact]
    public void A_plan_that_returns_a_value_twice_is_refused() => Fault(Step("first", [], ["a"]), Step("second", [], ["a"])).Message.ShouldContain("there already");

    [Fact]
    public void A_plan_without_steps_is_refused() => Fault().Message.ShouldContain("no steps");

    private static PlanFault Fault(params StepPlan[] steps) => Should.Throw<PlanFault>(() => new TaskPlans([new TaskPlan("test", [], steps)]));

    private static StepPlan Step(string name, string[] needs, string[] returns) => new(name, needs, returns, (_, _) => Task.FromResult(StepResult.Pass("done")));
}
