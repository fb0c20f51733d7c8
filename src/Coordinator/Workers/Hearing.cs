using MassTransit;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Since when this coordinator could have heard of workers without a break. A silence that began before says nothing about them: it was the
/// broker, the database or this process that was away.</summary>
public sealed class Hearing(IBusControl bus, TimeProvider time)
{
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(5);
    private DateTimeOffset since = DateTimeOffset.MaxValue, lookedAt = DateTimeOffset.MinValue;

    /// <summary>Looks whether the broker is there; called about every second, by who dispatches, after the database has answered. A break in this is a break
    /// of the hearing.</summary>
    public void Look()
    {
        var now = time.GetUtcNow();
        if (now - lookedAt > LongestGap || bus.CheckHealth().Status != BusHealthStatus.Healthy)
        {
            since = now;
        }

        lookedAt = now;
    }

    /// <summary>Whether it heard for so long, as of the last look.</summary>
    public bool HasHeardFor(TimeSpan time) => lookedAt - since >= time;
}
