using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Room for groups: for <see cref="WorkerOptions.Prefetch"/> that are not drawn yet, of which the device has one, and for
/// <see cref="Finishing"/> more whose pictures are being stored and reported. So a store that is slow holds up the drawing before
/// pictures fill the memory.
/// </summary>
public sealed class GroupPlaces(IOptions<WorkerOptions> options) : IDisposable
{
    /// <summary>Groups that are drawn and not yet reported, at most.</summary>
    public const int Finishing = 2;

    private readonly SemaphoreSlim undrawn = new(options.Value.Prefetch);
    private readonly SemaphoreSlim unreported = new(options.Value.Prefetch + Finishing);

    /// <summary>Waits until there is room.</summary>
    public async Task<Place> TakeAsync(CancellationToken cancellationToken)
    {
        await unreported.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await undrawn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            unreported.Release();
            throw;
        }

        return new Place(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        undrawn.Dispose();
        unreported.Dispose();
    }

    /// <summary>A group's place, free again when disposed.</summary>
    public sealed class Place : IDisposable
    {
        private readonly GroupPlaces places;
        private int drawn;

        internal Place(GroupPlaces places) => this.places = places;

        /// <summary>The device is free for another.</summary>
        public void Drawn()
        {
            if (Interlocked.Exchange(ref drawn, 1) == 0)
            {
                places.undrawn.Release();
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            Drawn();
            places.unreported.Release();
        }
    }
}
