using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Room for groups: for <see cref="WorkerOptions.Prefetch"/> that are not drawn yet, of which the device has one, and for
/// <see cref="Finishing"/> more whose pictures are being stored and reported. So a store that is slow holds up the drawing before
/// pictures fill the memory. A group that is to be alone comes when there is no other, and none comes beside it. First come, first served.
/// </summary>
public sealed class GroupPlaces(TimeProvider time, IOptions<WorkerOptions> options)
{
    /// <summary>Groups that are drawn and not yet reported, at most.</summary>
    public const int Finishing = 2;

    private readonly TimeProvider time = time;
    private readonly Lock gate = new();
    private readonly LinkedList<Place> waiting = [];
    private int undrawn, unreported;
    private long emptySince = time.GetTimestamp();
    private bool alone; // whether the one there is shall have no company

    /// <summary>How long no group has been there; null while one is.</summary>
    public TimeSpan? EmptyFor
    {
        get
        {
            lock (gate)
            {
                return unreported == 0 ? time.GetElapsedTime(emptySince) : null;
            }
        }
    }

    /// <summary>Waits until there is room.</summary>
    /// <param name="alone">Whether the group is to have no company.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<Place> TakeAsync(bool alone, CancellationToken cancellationToken)
    {
        var place = new Place(this, alone);
        lock (gate)
        {
            waiting.AddLast(place);
            Admit();
        }

        try
        {
            await place.Admitted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private void Admit()
    {
        while (waiting.First?.Value is { } next && HasRoom(next))
        {
            waiting.RemoveFirst();
            (undrawn, unreported, alone) = (undrawn + 1, unreported + 1, next.Alone);
            next.Admitted.SetResult();
        }
    }

    private bool HasRoom(Place next) => next.Alone
        ? unreported == 0
        : !alone && undrawn < options.Value.Prefetch && unreported < options.Value.Prefetch + Finishing;

    /// <summary>A group's place, free again when disposed.</summary>
    public sealed class Place : IDisposable
    {
        private readonly GroupPlaces places;
        private bool drawn, disposed;

        internal Place(GroupPlaces places, bool alone) => (this.places, Alone) = (places, alone);

        internal bool Alone { get; }

        internal TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The device is free for another.</summary>
        public void Drawn()
        {
            lock (places.gate)
            {
                places.undrawn -= drawn ? 0 : 1;
                drawn = true;
                places.Admit();
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (places.gate)
            {
                if (disposed)
                {
                    return;
                }

                disposed = true;
                if (!places.waiting.Remove(this)) // it was admitted
                {
                    places.undrawn -= drawn ? 0 : 1;
                    (places.unreported, places.alone, drawn) = (places.unreported - 1, false, true);
                    places.emptySince = places.time.GetTimestamp();
                }

                places.Admit();
            }
        }
    }
}
