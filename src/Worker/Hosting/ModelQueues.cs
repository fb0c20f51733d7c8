using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Worker.Groups;

namespace StableDiffusion.Worker.Hosting;

/// <summary>The queues of render commands that the worker listens to: one for each model that it holds and one of its own, none while it drains.</summary>
#pragma warning disable CA1001 // nothing to let go of in a semaphore, and whoever waits when the host ends must not meet a disposed one
public sealed partial class ModelQueues(IReceiveEndpointConnector endpoints, TimeProvider time, IOptions<WorkerOptions> options, ILogger<ModelQueues> logger)
{
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim turn = new(1);
    private readonly HashSet<string> models = [];
    private readonly Dictionary<string, HostReceiveEndpointHandle> open = [];
    private bool closed;
    private Listening? own;

    /// <summary>How long the queue of its own has been there: it goes with the connection, and what lay in it goes with it. Null while it is not.</summary>
    public TimeSpan? ListensFor => Volatile.Read(ref own)?.For;

    /// <summary>Listens from now on; returns when the broker has the queue, or at once while all are closed.</summary>
    public async Task AddAsync(string model, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            models.Add(model);
            await OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>No longer listens; returns when what came is in hand or passed on.</summary>
    public async Task RemoveAsync(string model, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            models.Remove(model);
            if (open.Remove(Queues.Render(model), out var queue))
            {
                await CloseAsync(queue, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Listens to none until <see cref="OpenAllAsync"/>.</summary>
    public async Task CloseAllAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            closed = true;
            var queues = open.Values.ToList();
            open.Clear();
            await Task.WhenAll(queues.Select(queue => CloseAsync(queue, cancellationToken))).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Listens to all again.</summary>
    public async Task OpenAllAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            closed = false;
            await OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var own = Queues.RenderOn(options.Value.Id);
        foreach (var queue in closed ? [] : models.Select(Queues.Render).Append(own).Where(queue => !open.ContainsKey(queue)))
        {
            open.Add(queue, Open(queue, isOwn: queue == own));
        }

        await Task.WhenAll(open.Values.Select(queue => queue.Ready)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private HostReceiveEndpointHandle Open(string queue, bool isOwn) =>
        endpoints.ConnectReceiveEndpoint(queue, (context, endpoint) =>
        {
            if (isOwn && endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
            {
                (rabbit.Durable, rabbit.AutoDelete) = (false, true); // as Queues.RenderOnAddress says
            }

            if (isOwn)
            {
                Volatile.Write(ref own, new Listening(time));
                endpoint.ConnectReceiveEndpointObserver(own);
            }

            endpoint.ConfigureConsumeTopology = false; // commands are sent to a model's queue, never published to all
            endpoint.PrefetchCount = 1; // what is not claimed yet is better off with the broker, for whoever is free first
            endpoint.ConcurrentMessageLimit = 1;
            endpoint.ConfigureConsumer<RenderImagesConsumer>(context);
        });

    /// <summary>Since when an endpoint has had its queue.</summary>
    private sealed class Listening(TimeProvider time) : IReceiveEndpointObserver
    {
        private readonly Lock gate = new();
        private long? since;

        public TimeSpan? For
        {
            get
            {
                lock (gate)
                {
                    return since is { } began ? time.GetElapsedTime(began) : null;
                }
            }
        }

        public Task Ready(ReceiveEndpointReady ready) => SetAsync(time.GetTimestamp());

        public Task Stopping(ReceiveEndpointStopping stopping) => SetAsync(null);

        public Task Completed(ReceiveEndpointCompleted completed) => SetAsync(null);

        public Task Faulted(ReceiveEndpointFaulted faulted) => SetAsync(null);

        private Task SetAsync(long? moment)
        {
            lock (gate)
            {
                since = moment;
            }

            return Task.CompletedTask;
        }
    }

    /// <summary>An endpoint that cannot reach its broker is not waited for without end.</summary>
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "A queue could not be closed within {Patience}; the broker gives its commands to others")]
    private partial void LogNotClosed(Exception error, TimeSpan patience);
}
