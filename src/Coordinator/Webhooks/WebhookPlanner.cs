using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Coordinator.Events;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Turns events into deliveries, each exactly once: the deliveries and how far it got are one transaction's, and of several
/// coordinators one does it at a time.</summary>
internal sealed class WebhookPlanner(FarmDb db, EventLog log, TimeProvider time)
{
    /// <summary>Turns the next events into deliveries; how many events. 0 as well when another coordinator was first.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var webhooks = await db.Webhooks.AsNoTracking().Where(webhook => webhook.Enabled).ToListAsync(cancellationToken);
        if (webhooks.Count == 0)
        {
            return 0;
        }

        var mark = await MarkAsync(cancellationToken);
        // what nobody was there to be told of needs no reading
        var since = new EventPosition(webhooks.Min(webhook => webhook.Since), long.MaxValue);
        var events = await log.ReadAsync(new EventFilter(), since.IsAfter(mark) ? since : mark, null, cancellationToken);
        if (events.Count == 0)
        {
            return 0;
        }

        var tags = await TagsAsync(webhooks, events, cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await MoveAsync(mark, events[^1].Position, cancellationToken))
        {
            return 0;
        }

        db.WebhookDeliveries.AddRange(
            from row in events
            from webhook in webhooks
            where Wants(webhook, row, tags)
            select Deliver(webhook, row));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return events.Count;
    }

    private async Task<EventPosition> MarkAsync(CancellationToken cancellationToken)
    {
        var mark = await db.EventMarks.AsNoTracking().SingleOrDefaultAsync(mark => mark.Name == EventMark.Webhooks, cancellationToken);
        if (mark is null)
        {
            await db.Database.ExecuteSqlAsync($"INSERT INTO event_marks (name, transaction, event_id) VALUES ({EventMark.Webhooks}, '0', 0) ON CONFLICT DO NOTHING", cancellationToken);
        }

        return new EventPosition(mark?.Transaction ?? 0, mark?.EventId ?? 0);
    }

    // the row count says who is first
    private async Task<bool> MoveAsync(EventPosition from, EventPosition to, CancellationToken cancellationToken) => await db.EventMarks
        .Where(mark => mark.Name == EventMark.Webhooks && mark.Transaction == from.Transaction && mark.EventId == from.Id)
        .ExecuteUpdateAsync(mark => mark.SetProperty(m => m.Transaction, to.Transaction).SetProperty(m => m.EventId, to.Id), cancellationToken) == 1;

    private async Task<Dictionary<Guid, List<string>>> TagsAsync(List<Webhook> webhooks, List<FarmEvent> events, CancellationToken cancellationToken)
    {
        if (webhooks.TrueForAll(webhook => webhook.Tag is null))
        {
            return [];
        }

        var batches = events.Select(row => row.BatchId).Distinct().ToList();
        var tags = await db.Batches.Where(batch => batches.Contains(batch.Id)).ToDictionaryAsync(batch => batch.Id, batch => batch.Tags, cancellationToken);
        foreach (var deleted in events.Where(row => row.Type == EventTypes.BatchDeleted))
        {
            tags[deleted.BatchId] = [.. StreamedEvent.Response(deleted).Tags ?? []];
        }

        return tags;
    }

    private static bool Wants(Webhook webhook, FarmEvent row, Dictionary<Guid, List<string>> tags) =>
        webhook.OwnerId == row.OwnerId && row.Transaction > webhook.Since
        && (webhook.Types.Count == 0 || webhook.Types.Contains(row.Type))
        && (webhook.BatchId is null || webhook.BatchId == row.BatchId)
        && (webhook.Tag is null || tags.GetValueOrDefault(row.BatchId)?.Contains(webhook.Tag) == true);

    private WebhookDelivery Deliver(Webhook webhook, FarmEvent row)
    {
        var now = time.GetUtcNow();
        return new WebhookDelivery
        {
            Id = Guid.CreateVersion7(now),
            WebhookId = webhook.Id,
            EventTransaction = row.Transaction,
            EventId = row.Id,
            Type = row.Type,
            Body = JsonSerializer.Serialize(new WebhookMessage { Type = row.Type, Timestamp = row.At, Data = StreamedEvent.Response(row) }, FarmJson.Options),
            State = WebhookDeliveryState.Pending,
            NextAt = now,
            CreatedAt = now,
        };
    }
}
