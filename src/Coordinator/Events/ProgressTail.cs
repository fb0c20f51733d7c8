using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Events;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Events;

/// <summary>Tells who listens how far the images are that are being drawn: at most once a second, only what changed, and only the last of it.</summary>
internal sealed partial class ProgressTail(
    EventTail tail, IServiceScopeFactory scopes, TimeProvider time, IOptions<EventOptions> options, ILogger<ProgressTail> logger) : BackgroundService
{
    private Dictionary<Guid, (Guid? Attempt, int Sequence)> told = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ProgressEvery, time);
        var works = true;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await TellAsync(stoppingToken);
                works = true;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (works)
                {
                    LogFailed(ReportRetries.IsDatabaseAway(e) ? null : e, (e.InnerException ?? e).Message);
                }

                works = false;
            }
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var listeners = tail.Subscriptions.Where(subscription => subscription.Filter.Progress).ToList();
        if (listeners.Count == 0)
        {
            told = [];
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        var rows = await ReadAsync(db, listeners, cancellationToken);
        var changed = rows.Where(row => row.Sequence > 0 && (!told.TryGetValue(row.Id, out var last) || last != (row.AttemptId, row.Sequence)))
            .GroupBy(row => (row.BatchId, row.OwnerId)).Select(batch => (batch.Key.BatchId, batch.Key.OwnerId, Rows: batch.OrderBy(row => row.Index).ToList())).ToList();
        told = rows.ToDictionary(row => row.Id, row => (row.AttemptId, row.Sequence));
        foreach (var (batchId, ownerId, images) in changed)
        {
            var interested = listeners.Where(listener => listener.Filter.Covers(batchId, ownerId)).ToLookup(listener => listener.Filter.InlinePreviews);
            foreach (var kind in interested)
            {
                var previews = kind.Key ? await PreviewsAsync(db, images, cancellationToken) : [];
                var news = StreamedEvent.Of(null, EventTypes.ImagesProgressed, new EventResponse
                {
                    BatchId = batchId,
                    At = time.GetUtcNow(),
                    Images = images.ConvertAll(row => Response(row, previews.GetValueOrDefault(row.Id))),
                });
                foreach (var listener in kind)
                {
                    listener.OfferProgress(news);
                }
            }
        }
    }

    // as many as the fleet draws at once, however many wait
    private static Task<List<Row>> ReadAsync(FarmDb db, List<EventSubscription> listeners, CancellationToken cancellationToken)
    {
        var images = db.Images.Where(image => image.State == ImageState.Rendering);
        if (listeners.TrueForAll(listener => listener.Filter.BatchId is not null))
        {
            var batches = listeners.ConvertAll(listener => listener.Filter.BatchId!.Value);
            images = images.Where(image => batches.Contains(image.BatchId));
        }

        return images.Join(db.Batches, image => image.BatchId, batch => batch.Id, (image, batch) => new Row(
            image.Id, image.BatchId, batch.OwnerId, image.Index, image.WorkerId, image.AttemptId, image.Sequence, image.Step, image.Steps, image.Preview != null))
            .ToListAsync(cancellationToken);
    }

    private static async Task<Dictionary<Guid, byte[]>> PreviewsAsync(FarmDb db, List<Row> images, CancellationToken cancellationToken)
    {
        var ids = images.Where(row => row.HasPreview).Select(row => row.Id).ToList();
        return ids.Count == 0 ? [] : await db.Images.Where(image => ids.Contains(image.Id) && image.Preview != null)
            .ToDictionaryAsync(image => image.Id, image => image.Preview!, cancellationToken);
    }

    private static EventImage Response(Row row, byte[]? preview) => new()
    {
        Id = row.Id,
        Index = row.Index,
        WorkerId = row.WorkerId,
        Step = row.Step,
        Steps = row.Steps,
        PreviewUrl = row.HasPreview ? $"/v1/images/{row.Id}/preview" : null,
        Preview = preview,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Progress cannot be read, and is told later: {Reason}")]
    private partial void LogFailed(Exception? exception, string reason);

    private sealed record Row(
        Guid Id, Guid BatchId, int OwnerId, int Index, string? WorkerId, Guid? AttemptId, int Sequence, int Step, int Steps, bool HasPreview);
}
