using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Events;

/// <summary>How many streams, and waits for a batch's end, an owner may have open at this coordinator, so that one who forgets to close them
/// leaves room for others.</summary>
internal sealed class StreamPlaces(IOptions<EventOptions> options)
{
    private readonly ConcurrentDictionary<int, int> taken = new();

    /// <summary>A place, until it is disposed; null when all of the owner's are taken.</summary>
    public IDisposable? TryTake(int ownerId)
    {
        if (taken.AddOrUpdate(ownerId, 1, (_, count) => count + 1) <= options.Value.MaxStreamsPerOwner)
        {
            return new Place(this, ownerId);
        }

        Leave(ownerId);
        return null;
    }

    private void Leave(int ownerId) => taken.AddOrUpdate(ownerId, 0, (_, count) => count - 1);

    private sealed class Place(StreamPlaces places, int ownerId) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                places.Leave(ownerId);
            }
        }
    }
}
