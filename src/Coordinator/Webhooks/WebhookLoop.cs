using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Tells webhooks what happens, on every coordinator: plans deliveries, and gives each webhook its turns.</summary>
internal sealed partial class WebhookLoop(
    IServiceScopeFactory scopes, WebhookSender sender, TimeProvider time, IOptions<WebhookOptions> options, ILogger<WebhookLoop> logger) : BackgroundService
{
    private static readonly TimeSpan WithoutWebhooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RemoveEvery = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<Guid, Task> turns = new();
    private DateTimeOffset removeAt;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var works = true;
        while (true)
        {
            var wait = WithoutWebhooks;
            try
            {
                wait = await RunAsync(stoppingToken) ? options.Value.PollEvery : wait;
                works = true;
            }
            // what is due stays due
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (works)
                {
                    LogFailed(ReportRetries.IsDatabaseAway(e) ? null : e, (e.InnerException ?? e).Message);
                }

                works = false;
            }

            await Task.Delay(wait, time, stoppingToken);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(turns.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what they had in hand is sent by another
    }

    /// <summary>Plans and begins what is due; whether there are webhooks.</summary>
    private async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        var deliveries = scope.ServiceProvider.GetRequiredService<WebhookDeliveries>();
        if (time.GetUtcNow() is var now && now >= removeAt)
        {
            removeAt = now + RemoveEvery;
            while (await deliveries.RemoveAsync(cancellationToken))
            {
            }
        }

        if (!await db.Webhooks.AnyAsync(webhook => webhook.Enabled, cancellationToken))
        {
            return false;
        }

        await PlanAsync(cancellationToken);
        foreach (var turn in (await deliveries.TakeAsync([.. turns.Keys], cancellationToken)).GroupBy(delivery => delivery.WebhookId))
        {
            turns[turn.Key] = Task.CompletedTask;
            turns[turn.Key] = Task.Run(() => TakeTurnAsync(turn.Key, [.. turn], cancellationToken), CancellationToken.None);
        }

        return true;
    }

    private async Task PlanAsync(CancellationToken cancellationToken)
    {
        int planned;
        do
        {
            await using var scope = scopes.CreateAsyncScope();
            planned = await scope.ServiceProvider.GetRequiredService<WebhookPlanner>().RunAsync(cancellationToken);
        }
        while (planned == Events.EventLog.Page);
    }

    private async Task TakeTurnAsync(Guid webhookId, List<WebhookDelivery> due, CancellationToken cancellationToken)
    {
        try
        {
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = WebhookDeliveries.Turn, CancellationToken = cancellationToken }, SendAsync);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogTurnFailed(e, webhookId);
        }
        finally
        {
            turns.TryRemove(webhookId, out _);
        }
    }

    private async ValueTask SendAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        if (await db.Webhooks.AsNoTracking().SingleOrDefaultAsync(webhook => webhook.Id == delivery.WebhookId && webhook.Enabled, cancellationToken) is { } webhook)
        {
            var attempt = await sender.SendAsync(delivery, webhook, cancellationToken);
            // it was sent: that is to be known even while the coordinator stops
            await scope.ServiceProvider.GetRequiredService<WebhookDeliveries>().EndAsync(delivery, attempt, CancellationToken.None);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhooks are not told what happens, and are told later: {Reason}")]
    private partial void LogFailed(Exception? exception, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "How webhook {WebhookId} took its deliveries could not be noted; they are sent again")]
    private partial void LogTurnFailed(Exception exception, Guid webhookId);
}
