using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Tests.Rendering;

public sealed class DeviceThreadTests : IDisposable
{
    private readonly DeviceThread device = new("device under test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => device.Dispose();

    [Fact]
    public async Task Every_call_runs_on_the_one_thread_in_order_one_at_a_time()
    {
        var order = new List<int>(); // no lock: that is the guarantee

        var threads = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => device.RunAsync(
            () =>
            {
                order.Add(i);
                return (Environment.CurrentManagedThreadId, Thread.CurrentThread.Name);
            },
            Cancel)));

        Assert.Single(threads.Distinct());
        Assert.Equal("device under test", threads[0].Name);
        Assert.Equal(Enumerable.Range(0, 200), order);
    }

    [Fact]
    public async Task Pulse_changes_with_each_call_and_each_beat_of_one_and_there_is_none_at_rest()
    {
        var own = new DeviceThread("a device of its own");
        Assert.Null(own.Pulse);
        var (first, after) = await own.RunAsync(
            () =>
            {
                var before = own.Pulse;
                own.Beat();
                return (before, own.Pulse);
            },
            Cancel);
        var next = await own.RunAsync(() => own.Pulse, Cancel);
        Assert.Equal(3, new HashSet<long> { first!.Value, after!.Value, next!.Value }.Count);
        own.Dispose(); // what it had is over
        Assert.Null(own.Pulse);
    }

    [Fact]
    public async Task What_follows_an_await_never_runs_on_the_devices_thread()
    {
        var inside = device.RunAsync(() => Environment.CurrentManagedThreadId, Cancel);
        var after = inside.ContinueWith(
            _ => Environment.CurrentManagedThreadId, Cancel, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        Assert.NotEqual(await inside, await after);
    }

    [Fact]
    public async Task Failed_call_fails_its_caller_and_the_thread_lives_on()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => device.RunAsync<int>(() => throw new InvalidDataException(), Cancel));

        Assert.Equal(1, await device.RunAsync(() => 1, Cancel));
    }

    [Fact]
    public async Task Call_cancelled_before_its_turn_never_runs()
    {
        using var busy = new ManualResetEventSlim();
        using var cancelled = new CancellationTokenSource();
        var ran = false;
        var first = device.RunAsync(() => { busy.Wait(Cancel); return 0; }, Cancel);
        var second = device.RunAsync(() => ran = true, cancelled.Token);

        await cancelled.CancelAsync();
        busy.Set();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(ran);
    }
}
