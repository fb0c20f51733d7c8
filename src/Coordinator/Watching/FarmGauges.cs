using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Scaling;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Scaling;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>How queue and fleet stand, read from the rows now and then; every coordinator tells the same.</summary>
internal sealed partial class FarmGauges : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly IServiceScopeFactory scopes;
    private readonly TimeProvider time;
    private readonly ILogger<FarmGauges> logger;
    private volatile IReadOnlyList<ModelScaling> models = [];
    private volatile IReadOnlyList<WorkerResponse> workers = [];
    private volatile IReadOnlyList<(string Owner, long Images)> owners = [];
    private volatile IReadOnlyList<(string Model, DateTimeOffset Since)> oldest = [];

    public FarmGauges(FarmMeter meter, IServiceScopeFactory scopes, TimeProvider time, ILogger<FarmGauges> logger)
    {
        (this.scopes, this.time, this.logger) = (scopes, time, logger);
        var gauges = meter.Meter;
        gauges.CreateObservableGauge("farm.waiting.images", () => models.Select(model => Of(model.WaitingImages, "model", model.Model)), "{image}", "Images that wait, by model.");
        gauges.CreateObservableGauge("farm.waiting.gpu.seconds", () => models.Select(model => Of(model.WaitingGpuSeconds, "model", model.Model)), "s", "Work that waits, in seconds of a worker, by model.");
        gauges.CreateObservableGauge("farm.waiting.oldest", () => oldest.Select(lane => Of((time.GetUtcNow() - lane.Since).TotalSeconds, "model", lane.Model)), "s",
            "How long ago the oldest batch was accepted of which images wait, by model.");
        gauges.CreateObservableGauge("farm.owner.waiting.images", () => owners.Select(owner => Of(owner.Images, "owner", owner.Owner)), "{image}", "Images that wait, by owner.");
        gauges.CreateObservableGauge("farm.model.workers", () => models.Select(model => Of(model.Workers, "model", model.Model)), "{worker}", "Workers that hold a model and take work.");
        gauges.CreateObservableGauge("farm.workers", () => Enum.GetValues<WorkerState>().Select(state =>
            Of(workers.Count(worker => worker.State == state), "state", StateNames<WorkerState>.Name(state))), "{worker}", "Workers, by state.");
        gauges.CreateObservableGauge("farm.worker.images", () => Live(worker => worker.InHand), "{image}", "Images that a worker has in hand.");
        gauges.CreateObservableGauge("farm.worker.throughput", () => Live(worker => worker.Throughput), "{image}/s", "Images a second that a worker draws while at work.");
        gauges.CreateObservableGauge("farm.worker.memory.used", () => Live(worker => worker.UsedMemory), "By", "A device's memory in use.");
        gauges.CreateObservableGauge("farm.worker.memory.size", () => Live(worker => worker.Memory), "By", "A device's memory.");
    }

    /// <summary>Reads all once.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var (services, db) = (scope.ServiceProvider, scope.ServiceProvider.GetRequiredService<FarmDb>());
        models = (await services.GetRequiredService<ScalingSignal>().ReadAsync(cancellationToken)).Models;
        workers = await db.Workers.ToResponsesAsync(services.GetRequiredService<WorkerRegister>(), cancellationToken);
        var lanes = (await services.GetRequiredService<WaitingWork>().ReadAsync(cancellationToken)).Lanes;
        oldest = [.. lanes.GroupBy(lane => lane.Model).Select(ofModel => (ofModel.Key, ofModel.Min(lane => lane.Since)))];
        var waiting = lanes.GroupBy(lane => lane.OwnerId).ToDictionary(ofOwner => ofOwner.Key, ofOwner => ofOwner.Sum(lane => lane.Images));
        owners = (await db.Owners.Where(owner => waiting.Keys.Contains(owner.Id)).Select(owner => new { owner.Id, owner.Name }).ToListAsync(cancellationToken))
            .ConvertAll(owner => (owner.Name, waiting[owner.Id]));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ReadAsync(stoppingToken);
            }
            // what was read last stands until it can be read again
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed((e.InnerException ?? e).Message);
            }
        }
    }

    private IEnumerable<Measurement<double>> Live(Func<WorkerResponse, double?> value) =>
        workers.Where(worker => worker.Live && value(worker) is not null).Select(worker => Of(value(worker)!.Value, "worker", worker.Id));

    private static Measurement<double> Of(double value, string label, string text) => new(value, new KeyValuePair<string, object?>(label, text));

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue and fleet could not be read for the gauges: {Reason}")]
    private partial void LogFailed(string reason);
}
