using System.Threading.Channels;

namespace StableDiffusion.Coordinator.Events;

/// <summary>One listener's share of the <see cref="EventTail"/>: what it wants to hear, and what it has not yet read of it.</summary>
internal sealed class EventSubscription(EventFilter filter, int buffer, Action<EventSubscription> leave) : IDisposable
{
    private readonly TaskCompletionSource<EventPosition> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<StreamedEvent> channel =
        Channel.CreateBounded<StreamedEvent>(new BoundedChannelOptions(buffer) { SingleReader = true }); // TryWrite fails when it is full

    /// <summary>What it wants to hear.</summary>
    public EventFilter Filter => filter;

    /// <summary>From where on it hears everything.</summary>
    public Task<EventPosition> Begun => begun.Task;

    /// <summary>What happens, as it happens. Ends when the listener was too slow to take it in: it shall resume after the last it got.</summary>
    public IAsyncEnumerable<StreamedEvent> ReadAllAsync(CancellationToken cancellationToken) => channel.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Tells it where it begins.</summary>
    public void Begin(EventPosition position) => begun.TrySetResult(position);

    /// <summary>Gives it an event that it wants; one that has no room for it is cut off.</summary>
    public void Offer(StreamedEvent told)
    {
        if (!channel.Writer.TryWrite(told))
        {
            channel.Writer.TryComplete();
        }
    }

    /// <summary>Gives it news that later news makes stale: one that has not read the last is spared them.</summary>
    public void OfferProgress(StreamedEvent told)
    {
        if (channel.Reader.Count <= buffer / 2)
        {
            channel.Writer.TryWrite(told);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        leave(this);
        channel.Writer.TryComplete();
    }
}
