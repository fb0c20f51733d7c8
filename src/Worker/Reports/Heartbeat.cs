using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Reports;

/// <summary>Tells every few seconds that the worker lives and what it has in hand.</summary>
public sealed class Heartbeat(
    Reporter reporter, IRenderer renderer, HeldModels models, HeldAdapters adapters, WorkInHand inHand, TimeProvider time, IOptions<WorkerOptions> options)
{
    private const double Jitter = 0.1; // so that a fleet started together does not report together

    /// <summary>Reports now and then on and on, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var interval = options.Value.HeartbeatInterval;
            // a report that hangs (no broker) is given up when the next is due
            using var due = new CancellationTokenSource(interval, time);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
            await ReportAsync(leaving: false, stop.Token).ConfigureAwait(false);
            await Task.Delay(interval * (1 - Jitter + (2 * Jitter * Random.Shared.NextDouble())), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One report; <paramref name="leaving"/> in the last.</summary>
    public async Task ReportAsync(bool leaving, CancellationToken cancellationToken)
    {
        bool loading = models.Loading; // read before the models: a report that has none of them must not say that all were tried
        try
        {
            await reporter.TrySendAsync(
                new WorkerReported
                {
                    WorkerId = options.Value.Id,
                    Host = Environment.MachineName,
                    Device = renderer.Device,
                    Version = WorkerVersion.Text,
                    Timestamp = time.GetUtcNow(),
                    Models = models.All,
                    Adapters = adapters.All,
                    Faults = models.Faults,
                    Loading = loading,
                    Attempts = inHand.Attempts,
                    Leaving = leaving,
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the broker is away; the next report tells the same
        }
    }
}
