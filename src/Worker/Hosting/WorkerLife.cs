using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;

namespace StableDiffusion.Worker.Hosting;

/// <summary>
/// The worker's life: load models, open a queue for each, send heartbeats; at shutdown hand back what is in hand and say
/// goodbye, all before the bus itself is stopped.
/// </summary>
internal sealed partial class WorkerLife(
    IRenderer renderer, HeldModels models, AdapterWatch adapters, WorkInHand inHand, Heartbeat heartbeat, IReceiveEndpointConnector endpoints,
    IOptions<WorkerOptions> options, ILogger<WorkerLife> logger) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(10);
    private readonly List<HostReceiveEndpointHandle> queues = [];

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var late = cancellationToken.Register(inHand.Abandon);
        await inHand.StopAsync().ConfigureAwait(false);
        if (ExecuteTask is { } running)
        {
            // no more queues are opened, and no heartbeat comes after the last one
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(queues.Select(queue => CloseAsync(queue, cancellationToken))).ConfigureAwait(false);
        await inHand.KeptAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // given up when late
        await heartbeat.ReportAsync(leaving: true, cancellationToken).ConfigureAwait(false);
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        inHand.Abandon();
        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, inHand.Stopping);
        try
        {
            var heartbeats = heartbeat.RunAsync(stop.Token);
            await adapters.LookAsync(stop.Token).ConfigureAwait(false); // before there is a model that a request may name them with
            var loaded = await renderer.LoadAsync(stop.Token).ConfigureAwait(false);
            var names = string.Join(", ", loaded.Models.Select(model => model.Name));
            LogLoaded(options.Value.Id, WorkerVersion.Text, renderer.Device, names);
            foreach (var model in loaded.Models)
            {
                models.Add(model);
                queues.Add(Open(model));
            }

            models.Complete(loaded.Faults);
            // only a queue that is open may be told of
            await Task.WhenAll(queues.Select(queue => queue.Ready)).WaitAsync(stop.Token).ConfigureAwait(false);
            await heartbeat.ReportAsync(leaving: false, stop.Token).ConfigureAwait(false); // the models are news
            await Task.WhenAll(heartbeats, adapters.RunAsync(stop.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // shutting down
        }
    }

    /// <summary>Returns when what the queue gave is handed back; an endpoint that cannot reach its broker is not waited for without end.</summary>
    private async Task CloseAsync(HostReceiveEndpointHandle queue, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LongestClose);
        try
        {
            await queue.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            LogNotClosed(error, LongestClose);
        }
    }

    private HostReceiveEndpointHandle Open(ModelDescription model) =>
        endpoints.ConnectReceiveEndpoint(Queues.Render(model.Name), (context, endpoint) =>
        {
            endpoint.ConfigureConsumeTopology = false; // commands are sent to a model's queue, never published to all
            endpoint.PrefetchCount = options.Value.Prefetch;
            endpoint.ConcurrentMessageLimit = options.Value.Prefetch;
            endpoint.ConfigureConsumer<RenderImagesConsumer>(context);
        });

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId}, version {Version}, on {Device} holds: {Models}")]
    private partial void LogLoaded(string workerId, string version, string device, string models);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A queue could not be closed within {Patience}; the broker gives its commands to others")]
    private partial void LogNotClosed(Exception error, TimeSpan patience);
}
