using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Dispatch;

public sealed class DispatchSignalTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_wake_before_the_wait_ends_it_at_once_and_counts_once()
    {
        var signal = new DispatchSignal();
        signal.Wake();
        signal.Wake();
        await signal.WaitAsync(Interval, new ManualTime(), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.False(signal.WaitAsync(Interval, new ManualTime(), Token).IsCompleted);
    }

    [Fact]
    public async Task The_interval_ends_a_wait_without_a_wake() =>
        await new DispatchSignal().WaitAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, Token).WaitAsync(TimeSpan.FromSeconds(30), Token);

    [Fact]
    public async Task A_stop_ends_the_wait()
    {
        using var stop = new CancellationTokenSource();
        var wait = new DispatchSignal().WaitAsync(Interval, new ManualTime(), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }
}
