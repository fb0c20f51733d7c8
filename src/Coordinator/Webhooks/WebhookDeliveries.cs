using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Webhooks;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>What is to be sent, who has it in hand, and how it went.</summary>
internal sealed partial class WebhookDeliveries(FarmDb db, TimeProvider time, IOptions<WebhookOptions> options, ILogger<WebhookDeliveries> logger)
{
    /// <summary>Deliveries of one webhook that are sent at once: an address that hangs holds up nobody else's.</summary>
    public const int Turn = 8;

    private const int Most = 256; // taken in hand by one call
    private const int Chunk = 5000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>Takes deliveries in hand that are due. Whoever does not say in time how it went is taken for dead, and another sends them again.</summary>
    /// <param name="busy">Webhooks whose turn is not over.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing was taken.</param>
    public Task<List<WebhookDelivery>> TakeAsync(Guid[] busy, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.WebhookDeliveries.FromSql($"""
            UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_at = {now + options.Value.Timeout + Grace}
            FROM (
                SELECT due.id FROM webhooks w
                CROSS JOIN LATERAL (
                    SELECT id FROM webhook_deliveries
                    WHERE webhook_id = w.id AND state = 'pending' AND next_at <= {now} ORDER BY next_at, id LIMIT {Turn} FOR UPDATE SKIP LOCKED) due
                WHERE w.enabled AND NOT w.id = ANY({busy}) LIMIT {Most}) taken
            WHERE d.id = taken.id
            RETURNING d.*
            """).AsNoTracking().ToListAsync(cancellationToken);
    }

    /// <summary>Notes how a try went, unless another has it in hand by now.</summary>
    public async Task EndAsync(WebhookDelivery delivery, WebhookAttempt attempt, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var again = attempt.Error is null ? null : RetrySchedule.After(delivery.Attempts, options.Value.RetryDelay, attempt.RetryAfter, Random.Shared.NextDouble());
        var state = attempt.Error is null ? WebhookDeliveryState.Delivered : again is null ? WebhookDeliveryState.Failed : WebhookDeliveryState.Pending;
        var ended = await db.WebhookDeliveries
            .Where(row => row.Id == delivery.Id && row.State == WebhookDeliveryState.Pending && row.Attempts == delivery.Attempts)
            .ExecuteUpdateAsync(row => row
                .SetProperty(r => r.State, state).SetProperty(r => r.NextAt, now + (again ?? TimeSpan.Zero)).SetProperty(r => r.LastStatus, attempt.Status)
                .SetProperty(r => r.LastError, attempt.Error).SetProperty(r => r.Answer, attempt.Answer)
                .SetProperty(r => r.DeliveredAt, state == WebhookDeliveryState.Delivered ? now : null), cancellationToken);
        if (ended == 0)
        {
            return;
        }

        if (attempt.Error is null)
        {
            await db.Webhooks.Where(webhook => webhook.Id == delivery.WebhookId && webhook.FailingSince != null)
                .ExecuteUpdateAsync(webhook => webhook.SetProperty(w => w.FailingSince, (DateTimeOffset?)null), cancellationToken);
            return;
        }

        LogFailed(delivery.WebhookId, delivery.Id, delivery.Attempts, attempt.Error, again);
        await db.Webhooks.Where(webhook => webhook.Id == delivery.WebhookId && webhook.FailingSince == null)
            .ExecuteUpdateAsync(webhook => webhook.SetProperty(w => w.FailingSince, now), cancellationToken);
        var longAgo = now - options.Value.DisableAfter;
        if (attempt.IsGone)
        {
            await DisableAsync(delivery.WebhookId, "The address answered 410 Gone.", cancellationToken);
        }
        else if (await db.Webhooks.AnyAsync(webhook => webhook.Id == delivery.WebhookId && webhook.FailingSince < longAgo, cancellationToken))
        {
            await DisableAsync(delivery.WebhookId, $"Nothing could be delivered for {options.Value.DisableAfter.TotalDays:0.#} days; lately: {attempt.Error}", cancellationToken);
        }
    }

    /// <summary>Sends nothing more to a webhook; what waits for it is given up and can be redelivered.</summary>
    /// <param name="webhookId">Which.</param>
    /// <param name="reason">Why; null when its owner wants it so.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public async Task DisableAsync(Guid webhookId, string? reason, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var disabled = await db.Webhooks.Where(webhook => webhook.Id == webhookId && webhook.Enabled)
            .ExecuteUpdateAsync(webhook => webhook.SetProperty(w => w.Enabled, false).SetProperty(w => w.DisabledReason, reason), cancellationToken);
        await db.WebhookDeliveries.Where(row => row.WebhookId == webhookId && row.State == WebhookDeliveryState.Pending)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.State, WebhookDeliveryState.Failed).SetProperty(r => r.LastError, "The webhook was disabled."), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (disabled == 1 && reason is not null)
        {
            LogDisabled(webhookId, reason);
        }
    }

    /// <summary>Sends to a webhook what happens from now on.</summary>
    public Task<int> EnableAsync(Guid webhookId, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"UPDATE webhooks SET enabled = true, disabled_reason = NULL, failing_since = NULL, since = pg_current_xact_id() WHERE id = {webhookId} AND NOT enabled", cancellationToken);

    /// <summary>Removes deliveries that are over and have been kept for long enough, at most a chunk; whether there may be more.</summary>
    public async Task<bool> RemoveAsync(CancellationToken cancellationToken)
    {
        var longAgo = time.GetUtcNow() - options.Value.KeepFor;
        return await db.WebhookDeliveries.Where(row => row.State != WebhookDeliveryState.Pending && row.CreatedAt < longAgo).OrderBy(row => row.Id).Take(Chunk)
            .ExecuteDeleteAsync(cancellationToken) == Chunk;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Webhook {WebhookId}: try {Attempt} of delivery {DeliveryId} failed: {Error} Again in {Again}")]
    private partial void LogFailed(Guid webhookId, Guid deliveryId, int attempt, string error, TimeSpan? again);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {WebhookId} is disabled. {Reason}")]
    private partial void LogDisabled(Guid webhookId, string reason);
}
