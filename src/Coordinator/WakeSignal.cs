using System.Threading.Channels;

namespace StableDiffusion.Coordinator;

/// <summary>Wakes a loop of this process; many wakes before it looks are one.</summary>
public abstract class WakeSignal
{
    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There may be something to do.</summary>
    public void Wake() => wakes.Writer.TryWrite(true);

    /// <summary>Returns at the next wake, at once if one came since the last call, or after <paramref name="interval"/>.</summary>
    /// <returns>Whether a wake was why.</returns>
    public async Task<bool> WaitAsync(TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wake = wakes.Reader.WaitToReadAsync(timer.Token).AsTask();
        await Task.WhenAny(wake, Task.Delay(interval, time, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return wakes.Reader.TryRead(out _);
    }
}
