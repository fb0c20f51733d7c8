using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Events;

/// <summary>
/// Reads what happens for all who listen at this coordinator. While nobody does it rests. It asks rather than be notified: a NOTIFY in every
/// transition would make the farm's commits wait for each other.
/// </summary>
internal sealed partial class EventTail(IServiceScopeFactory scopes, TimeProvider time, IOptions<EventOptions> options, ILogger<EventTail> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new(); // who subscribes sees all events after the position of that moment
    private readonly List<EventSubscription> subscriptions = [];
    private readonly SemaphoreSlim wanted = new(0);
    private EventPosition? position; // null while nobody listens

    /// <summary>Those who listen now.</summary>
    public IReadOnlyList<EventSubscription> Subscriptions
    {
        get
        {
            lock (gate)
            {
                return [.. subscriptions];
            }
        }
    }

    /// <summary>Begins to listen; to be disposed.</summary>
    public async Task<EventSubscription> SubscribeAsync(EventFilter filter, CancellationToken cancellationToken)
    {
        var subscription = new EventSubscription(filter, options.Value.Buffer, Leave);
        lock (gate)
        {
            subscriptions.Add(subscription);
            if (position is { } now)
            {
                subscription.Begin(now);
            }
            else
            {
                wanted.Release();
            }
        }

        try
        {
            await subscription.Begun.WaitAsync(cancellationToken);
            return subscription;
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await wanted.WaitAsync(stoppingToken);
            var works = true;
            while (IsWanted())
            {
                try
                {
                    await ReadAsync(stoppingToken);
                    works = true;
                    await Task.Delay(options.Value.PollEvery, time, stoppingToken);
                }
                // what happened meanwhile is told when the database is back
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    if (works)
                    {
                        LogFailed(ReportRetries.IsDatabaseAway(e) ? null : e, (e.InnerException ?? e).Message);
                    }

                    works = false;
                    await Task.Delay(Pause, time, stoppingToken);
                }
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var log = scope.ServiceProvider.GetRequiredService<EventLog>();
        if (position is not { } after)
        {
            after = await log.NowAsync(cancellationToken);
            Tell([], after);
        }

        List<FarmEvent> page;
        do
        {
            page = await log.ReadAsync(new EventFilter(), after, null, cancellationToken);
            after = page is [.., var last] ? last.Position : after;
            Tell(page, after);
        }
        while (page.Count == EventLog.Page);
    }

    private void Tell(IReadOnlyList<FarmEvent> page, EventPosition upTo)
    {
        lock (gate)
        {
            position = upTo;
            foreach (var subscription in subscriptions)
            {
                subscription.Begin(upTo); // those that came while there was no position
            }

            foreach (var row in page)
            {
                StreamedEvent? told = null; // made for the first who wants it, if any
                foreach (var subscription in subscriptions.Where(subscription => subscription.Filter.Wants(row)))
                {
                    subscription.Offer(told ??= StreamedEvent.Of(row));
                }
            }
        }
    }

    private bool IsWanted()
    {
        lock (gate)
        {
            position = subscriptions.Count == 0 ? null : position;
            return subscriptions.Count > 0;
        }
    }

    private void Leave(EventSubscription subscription)
    {
        lock (gate)
        {
            subscriptions.Remove(subscription);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be read, and are read later: {Reason}")]
    private partial void LogFailed(Exception? exception, string reason);
}
