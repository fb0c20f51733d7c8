using StableDiffusion.Coordinator.Webhooks;

namespace StableDiffusion.Coordinator.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);

    [Fact]
    public void Waits_grow_from_seconds_to_half_a_day_and_end()
    {
        var waits = Enumerable.Range(1, RetrySchedule.MaxAttempts - 1).Select(attempts => RetrySchedule.After(attempts, Delay, null, 0.5)!.Value).ToList();
        Assert.Equal(waits.Order(), waits);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromHours(12)), (waits[0], waits[^1]));
        Assert.InRange(waits.Aggregate((sum, wait) => sum + wait), TimeSpan.FromDays(2), TimeSpan.FromDays(3));
        Assert.Null(RetrySchedule.After(RetrySchedule.MaxAttempts, Delay, null, 0.5));
    }

    [Fact]
    public void Chance_and_the_address_may_lengthen_a_wait_within_bounds()
    {
        Assert.Equal(TimeSpan.FromSeconds(5.5), RetrySchedule.After(1, Delay, null, 1));
        Assert.Equal(TimeSpan.FromMinutes(3), RetrySchedule.After(1, Delay, TimeSpan.FromMinutes(3), 0));
        Assert.Equal(TimeSpan.FromHours(12), RetrySchedule.After(1, Delay, TimeSpan.FromDays(30), 0));
    }
}
