using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
    IRenderer renderer, HeldModels models, ModelLoader loader, AdapterWatch adapters, WorkInHand inHand, Heartbeat heartbeat, ModelQueues queues,
    CommandEndpoint commands, IOptions<WorkerOptions> options, ILogger<WorkerLife> logger) : BackgroundService, IHostedLifecycleService
{
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        started.SetResult();
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var late = cancellationToken.Register(inHand.Abandon);
        await inHand.StopAsync().ConfigureAwait(false);
        if (ExecuteTask is { } running)
        {
            // no more queues are opened, and no heartbeat comes after the last one
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        try
        {
            await queues.CloseAllAsync(cancellationToken).ConfigureAwait(false);
            await inHand.KeptAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            await heartbeat.ReportAsync(leaving: true, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // late: the rest is given up, and missed by the coordinator
        }
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
            loader.Changed += heartbeat.Wake;
            await started.Task.WaitAsync(stop.Token).ConfigureAwait(false); // a queue that is opened while the bus starts is started twice, which ends the host
            await commands.OpenAsync(stop.Token).ConfigureAwait(false);
            await loader.StartAsync(stop.Token).ConfigureAwait(false);
            var names = string.Join(", ", models.All.Select(model => model.Name));
            var others = string.Join(", ", models.CanHold);
            LogLoaded(options.Value.Id, WorkerVersion.Text, renderer.Device, names, others);
            await Task.WhenAll(heartbeats, adapters.RunAsync(stop.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // shutting down
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId}, version {Version}, on {Device} holds: {Models}; could hold: {Others}")]
    private partial void LogLoaded(string workerId, string version, string device, string models, string others);
}
