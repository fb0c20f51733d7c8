using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Deletes finished batches that were kept for as long as <see cref="KeepingOptions.Rules"/> say.</summary>
public sealed partial class Retention(FarmDb db, Deletions deletions, TimeProvider time, IOptions<KeepingOptions> options, ILogger<Retention> logger)
{
    private const int Page = 1000;

    /// <summary>Deletes all that are due; how many.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Rules.Select(rule => rule.For).Where(keep => keep is not null).Min() is not { } shortest)
        {
            return 0;
        }

        var (now, count) = (time.GetUtcNow(), 0);
        for (var after = DateTimeOffset.MinValue; ;)
        {
            var page = await db.Batches.Where(batch => batch.FinishedAt > after && batch.FinishedAt <= now - shortest)
                .OrderBy(batch => batch.FinishedAt).Take(Page)
                .Join(db.Owners, batch => batch.OwnerId, owner => owner.Id, (batch, owner) => new { batch.Id, batch.FinishedAt, batch.Tags, Owner = owner.Name })
                .OrderBy(batch => batch.FinishedAt).ToListAsync(cancellationToken);
            foreach (var batch in page)
            {
                if (options.Value.Rules.FirstOrDefault(rule => rule.Fits(batch.Owner, batch.Tags))?.For is { } keep && batch.FinishedAt <= now - keep)
                {
                    await deletions.DeleteBatchAsync(batch.Id, cancellationToken);
                    LogDeleted(batch.Id, batch.Owner, batch.FinishedAt!.Value, keep);
                    count++;
                }
            }

            if (page.Count < Page)
            {
                return count;
            }

            after = page[^1].FinishedAt!.Value;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Batch {BatchId} of {Owner}, finished at {FinishedAt:O}, was kept for {Keep} and is deleted")]
    private partial void LogDeleted(Guid batchId, string owner, DateTimeOffset finishedAt, TimeSpan keep);
}
