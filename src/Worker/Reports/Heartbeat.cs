using System.Threading.Channels;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Reports;

/// <summary>Tells every few seconds that the worker lives and what it has in hand, and soon after its activity changed; what it is and holds,
/// when that changed.</summary>
public sealed class Heartbeat
{
    private const double Jitter = 0.1; // so that a fleet started together does not report together
    private const int Silence = 3; // in beats; it is lost after five
    private const int MostPerInterval = 6; // activity that flickers is told of so often

    private readonly Reporter reporter;
    private readonly Registration registration;
    private readonly IRenderer renderer;
    private readonly WorkInHand inHand;
    private readonly Throughput throughput;
    private readonly AliveFile alive;
    private readonly DeviceWatch watch;
    private readonly TimeProvider time;
    private readonly WorkerOptions options;
    private readonly ModelQueues queues;
    private readonly GroupPlaces places;
    private readonly long began;
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Listens for changes from now on; tells of them once it runs.</summary>
    public Heartbeat(
        Reporter reporter, Registration registration, IRenderer renderer, WorkInHand inHand, Throughput throughput, AliveFile alive, DeviceWatch watch, ModelQueues queues,
        GroupPlaces places, TimeProvider time, IOptions<WorkerOptions> options)
    {
        ArgumentNullException.ThrowIfNull(inHand);
        ArgumentNullException.ThrowIfNull(options);
        (this.reporter, this.registration, this.renderer, this.inHand) = (reporter, registration, renderer, inHand);
        (this.throughput, this.alive, this.time, this.options) = (throughput, alive, time, options.Value);
        (this.queues, this.places, this.watch, began) = (queues, places, watch, time.GetTimestamp());
        inHand.Changed += Wake;
    }

    private WorkerActivity Activity => (inHand.Draining, inHand.Any) switch
    {
        (true, true) => WorkerActivity.Draining,
        (true, false) => WorkerActivity.Paused,
        (false, true) => WorkerActivity.Busy,
        (false, false) => WorkerActivity.Idle,
    };

    /// <summary>Something is worth telling before the next beat is due.</summary>
    public void Wake() => news.Writer.TryWrite(true);

    /// <summary>Reports now and then on and on, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var heard = time.GetTimestamp(); ;)
        {
            var now = time.GetTimestamp(); // before it tells: it may be frozen meanwhile
            var interval = options.HeartbeatInterval * (1 - Jitter + (2 * Jitter * Random.Shared.NextDouble()));
            var silent = time.GetElapsedTime(heard) > Silence * options.HeartbeatInterval;
            await registration.SendIfDueAsync(silent, cancellationToken).ConfigureAwait(false); // first: beats of a worker that nobody knows say nothing
            heard = await ReportAsync(leaving: false, cancellationToken).ConfigureAwait(false) ? now : heard;
            alive.Touch();
            watch.Look();
            var pause = interval / MostPerInterval;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            using var due = new CancellationTokenSource(interval - pause, time);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
            Task something = news.Reader.WaitToReadAsync(wait.Token).AsTask();
            await something.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            news.Reader.TryRead(out _);
        }
    }

    /// <summary>One beat; <paramref name="leaving"/> in the last. Whether the broker has it.</summary>
    public Task<bool> ReportAsync(bool leaving, CancellationToken cancellationToken) => reporter.TrySendAsync(
        Queues.Workers,
        new WorkerBeat
        {
            WorkerId = options.Id,
            Timestamp = time.GetUtcNow(),
            Activity = Activity,
            Attempts = inHand.Attempts,
            Reported = inHand.Reported,
            UsedMemory = renderer.UsedMemory,
            Throughput = throughput.ImagesPerSecond,
            Age = time.GetElapsedTime(began),
            ListensFor = queues.ListensFor,
            IdleFor = places.EmptyFor,
            Leaving = leaving,
        },
        options.HeartbeatInterval, // then the next is due
        cancellationToken);
}
