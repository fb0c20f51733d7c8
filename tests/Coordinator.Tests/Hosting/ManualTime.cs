namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>A clock that stands until a test moves it. Its timers never fire: tests run what a timer would run.</summary>
internal sealed class ManualTime : TimeProvider
{
    // whole microseconds, which is what PostgreSQL keeps
    private DateTimeOffset now = new(2026, 3, 14, 15, 9, 26, 535, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan time) => now += time;

    public void Set(DateTimeOffset time) => now = time;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new StoppedTimer();

    private sealed class StoppedTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
