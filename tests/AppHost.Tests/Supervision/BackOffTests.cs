using HyperBdr.AppHost.Processes.Supervision;
using Shouldly;
using Xunit;

namespace HyperBdr.AppHost.Tests.Supervision;

public sealed class BackOffTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void Each_wait_is_twice_the_one_before_up_to_30_seconds()
    {
        var backOff = new BackOff(_clock);
        Enumerable.Range(0, 9).Select(_ => backOff.Next().TotalSeconds).ShouldBe([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    }

    [Fact]
    public void Sixty_seconds_of_health_begin_it_anew()
    {
        var backOff = new BackOff(_clock);
        for (var i = 0; i < 5; i++) backOff.Next();
        backOff.Healthy();
        _clock.Advance(TimeSpan.FromSeconds(60));
        backOff.Healthy();
        backOff.Next().ShouldBe(BackOff.First);
    }

    [Fact]
    public void Health_that_was_interrupted_does_not_count_together()
    {
        var backOff = new BackOff(_clock);
        for (var i = 0; i < 3; i++) backOff.Next();
        backOff.Healthy();
        _clock.Advance(TimeSpan.FromSeconds(40));
        backOff.NotHealthy();
        backOff.Healthy();
        _clock.Advance(TimeSpan.FromSeconds(40));
        backOff.Next().ShouldBe(TimeSpan.FromSeconds(4));
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => _ticks;
        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
