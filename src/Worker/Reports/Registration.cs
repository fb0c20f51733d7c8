using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Reports;

/// <summary>Tells what the worker is and holds: when that changed, every half minute, and after a silence.</summary>
public sealed class Registration(
    Reporter reporter, IRenderer renderer, HeldModels models, ModelSource sources, HeldAdapters adapters, TimeProvider time, IOptions<WorkerOptions> options)
{
    /// <summary>For a coordinator that lost it.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private WorkerRegistered? told;
    private long toldAt;

    /// <summary>Tells it where it is news. What does not get through is news the next time.</summary>
    /// <param name="silent">Whether the worker was not heard for so long that it may be forgotten.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    public async Task SendIfDueAsync(bool silent, CancellationToken cancellationToken)
    {
        var now = Describe();
        if (!silent && told is not null && Same(told, now) && time.GetElapsedTime(toldAt) < Interval)
        {
            return;
        }

        if (await reporter.TrySendAsync(Queues.Workers, now, Patience, cancellationToken).ConfigureAwait(false))
        {
            told = now;
            toldAt = time.GetTimestamp();
        }
    }

    private static bool Same(WorkerRegistered one, WorkerRegistered other) =>
        one.Loading == other.Loading && one.Models.SequenceEqual(other.Models) && one.CanHold.SequenceEqual(other.CanHold)
        && one.Described.SequenceEqual(other.Described) && one.Adapters.SequenceEqual(other.Adapters) && one.Faults.SequenceEqual(other.Faults);

    private WorkerRegistered Describe()
    {
        var loading = models.Loading; // read before the models: a report that has none of them must not say that all were tried
        return new WorkerRegistered
        {
            WorkerId = options.Value.Id,
            Timestamp = time.GetUtcNow(),
            Host = Environment.MachineName,
            Device = renderer.Device,
            Version = WorkerVersion.Text,
            Memory = renderer.Memory,
            GroupSize = options.Value.GroupSize,
            Models = models.All,
            CanHold = models.CanHold,
            Described = models.Described,
            Pulled = [.. models.All.Concat(models.Described).Select(model => model.Name).Where(sources.IsPulled)],
            Adapters = adapters.Offered,
            Faults = models.Faults,
            Loading = loading,
        };
    }
}
