using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>Holds new batches against their owner's limits.</summary>
public sealed class Quotas(FarmDb db, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30); // when some of what waits may be drawn

    /// <summary>Refuses what is too much. Call it in the transaction that adds the batch, before its rows are written: from here to the
    /// transaction's end, other submissions of an owner with limits wait, so that two never take the same room.</summary>
    /// <param name="ownerId">Whose batch it is.</param>
    /// <param name="images">How many images it has.</param>
    /// <param name="priority">Its priority.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="QuotaExceededException">It may not be added, and nothing else of the transaction must be kept.</exception>
    public async Task CheckAsync(int ownerId, int images, int priority, CancellationToken cancellationToken)
    {
        var owner = await db.Owners.AsNoTracking().SingleAsync(owner => owner.Id == ownerId, cancellationToken);
        CheckPriority(owner, priority);
        if (owner is { MaxWaiting: null, MaxImagesPerDay: null })
        {
            return;
        }

        var today = await CountAsync(ownerId, images, cancellationToken) - images;
        if (owner.MaxImagesPerDay is { } perDay && today + images > perDay)
        {
            throw images > perDay ? TooLarge("max_images_per_day", images, $"{perDay} of yours are accepted a day")
                : new QuotaExceededException("max_images_per_day", $"The batch has {images} images, and {today} of {perDay} were accepted today (UTC).", Tomorrow());
        }

        if (owner.MaxWaiting is { } limit && await WaitingAsync(ownerId, cancellationToken) is var waiting && waiting + images > limit)
        {
            throw images > limit ? TooLarge("max_waiting", images, $"{limit} of yours may be on their way")
                : new QuotaExceededException("max_waiting", $"The batch has {images} images, and {waiting} of {limit} that may be on their way are.", LookAgain);
        }
    }

    /// <summary>Refuses images that would wait again beyond what may. Call it in the transaction that puts them back, before it counts them as open;
    /// other submissions of an owner with this limit wait from here to its end. The day's images are those that were accepted, so these count no second time.</summary>
    /// <exception cref="QuotaExceededException">They may not, and nothing else of the transaction must be kept.</exception>
    public async Task CheckRetryAsync(int ownerId, int images, CancellationToken cancellationToken)
    {
        if (await db.Owners.Where(owner => owner.Id == ownerId).Select(owner => owner.MaxWaiting).SingleAsync(cancellationToken) is not { } limit)
        {
            return;
        }

        await CountAsync(ownerId, 0, cancellationToken);
        if (await WaitingAsync(ownerId, cancellationToken) is var waiting && waiting + images > limit)
        {
            throw images > limit
                ? new QuotaExceededException("max_waiting", $"{images} images would wait again, and at most {limit} of yours may be on their way: name fewer at once.", null)
                : new QuotaExceededException("max_waiting", $"{images} images would wait again, and {waiting} of {limit} that may be on their way are.", LookAgain);
        }
    }

    /// <summary>Refuses a priority above the owner's.</summary>
    /// <exception cref="QuotaExceededException">It is.</exception>
    public async Task CheckPriorityAsync(int ownerId, int priority, CancellationToken cancellationToken) =>
        CheckPriority(await db.Owners.AsNoTracking().SingleAsync(owner => owner.Id == ownerId, cancellationToken), priority);

    /// <summary>Images of an owner that are on their way.</summary>
    public Task<long> WaitingAsync(int ownerId, CancellationToken cancellationToken) => db.Batches
        .Where(batch => batch.OwnerId == ownerId && batch.FinishedAt == null && batch.CancelledAt == null)
        .SumAsync(batch => (long)batch.Open, cancellationToken);

    /// <summary>Images accepted today of an owner who has a limit of them.</summary>
    public async Task<long> TodayAsync(int ownerId, CancellationToken cancellationToken)
    {
        var today = Today();
        return await db.DayUses.Where(use => use.OwnerId == ownerId && use.Day >= today).Select(use => use.Images).SingleOrDefaultAsync(cancellationToken);
    }

    private static void CheckPriority(Owner owner, int priority)
    {
        if (priority > owner.MaxPriority)
        {
            throw new QuotaExceededException("max_priority", $"The batch has priority {priority}; yours may have {owner.MaxPriority} at most.", null);
        }
    }

    private static QuotaExceededException TooLarge(string limit, int images, string most) =>
        new(limit, $"The batch has {images} images, and at most {most}: send fewer at once.", null);

    /// <summary>Adds to the day's images, and keeps the row for this transaction.</summary>
    private async Task<long> CountAsync(int ownerId, int images, CancellationToken cancellationToken) => (await db.Database.SqlQuery<long>($"""
        INSERT INTO day_uses AS u (owner_id, day, images) VALUES ({ownerId}, {Today()}, {images})
        ON CONFLICT (owner_id) DO UPDATE SET
            images = CASE WHEN excluded.day > u.day THEN excluded.images ELSE u.images + excluded.images END,
            day = GREATEST(u.day, excluded.day)
        RETURNING images AS "Value"
        """).ToListAsync(cancellationToken))[0];

    private DateOnly Today() => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private TimeSpan Tomorrow() => Today().AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) - time.GetUtcNow();
}
