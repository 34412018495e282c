using HyperBdr.Owl.Features.Trail;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

public sealed class OrderOfArrival
{
    private readonly ArrivalOrder<string> order = new();
    private readonly List<string> ready = [];

    [Fact]
    public void Items_that_overtook_each_other_go_in_the_order_of_delivery()
    {
        order.Add("c", 3, "three", ready);
        order.Add("c", 2, null, ready);
        ready.ShouldBeEmpty();
        order.HasGaps.ShouldBeTrue();

        order.Add("c", 1, "one", ready);

        ready.ShouldBe(["one", "three"]);
        order.HasGaps.ShouldBeFalse();
    }

    [Fact]
    public void A_number_that_never_comes_holds_back_only_for_a_while_and_nothing_is_lost_when_it_comes_late()
    {
        order.Add("c", 2, "two", ready);
        order.Add("d", 1, "other", ready);
        ready.ShouldBe(["other"]);

        order.GiveUpGaps(ready);
        order.Add("c", 1, "late", ready);
        order.Add("c", 3, "three", ready);

        ready.ShouldBe(["other", "two", "late", "three"]);
        order.HasGaps.ShouldBeFalse();
    }
}
