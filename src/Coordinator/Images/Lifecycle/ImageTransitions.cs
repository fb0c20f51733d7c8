using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>
/// What every transition of an image, and of the attempt behind it, is made of. These are all there are:
/// <code>
/// queued     → dispatched   ImageClaims.Take       a new attempt, before its command is published
/// dispatched → queued       ImageClaims.Unpublished: nobody drew; no failure
/// dispatched → rendering    ImageProgress.Start    a worker took it up
/// dispatched → queued       ImageEnds.Return, Restart, Expire: nobody drew; no failure
/// rendering  → succeeded    ImageEnds.Succeed      (also from dispatched: reports may overtake each other)
/// rendering  → queued       ImageEnds.Return by the worker itself, Stop: shutdown; no failure
/// rendering  → queued       ImageEnds.Fail retryable, Expire: a failure, tried again after a growing wait
///                           Restart: a failure, too, but tried again at once
/// rendering  → failed       ImageEnds.Fail permanent, or the last of MaxAttempts failures
/// </code>
/// Each is one update conditional on the image's state and current attempt; its row count says whether it won. So news of
/// a superseded attempt, and news that comes twice, changes nothing.
/// </summary>
public sealed class ImageTransitions(FarmDb db, TimeProvider time)
{
    /// <summary>Images that have an attempt.</summary>
    internal IQueryable<Image> UnderWay =>
        db.Images.Where(image => image.State == ImageState.Dispatched || image.State == ImageState.Rendering);

    /// <summary>The image, if that attempt is still its own.</summary>
    internal IQueryable<Image> Current(Guid image, Guid attempt) =>
        UnderWay.Where(row => row.Id == image && row.AttemptId == attempt);

    /// <summary>Lets go of the attempt, so that its news no longer counts.</summary>
    internal static UpdateSettersBuilder<Image> Leave(UpdateSettersBuilder<Image> image, ImageState next) => image
        .SetProperty(i => i.State, next)
        .SetProperty(i => i.AttemptId, (Guid?)null)
        .SetProperty(i => i.LeaseUntil, (DateTimeOffset?)null)
        .SetProperty(i => i.Preview, (byte[]?)null)
        .SetProperty(i => i.Step, 0);

    /// <summary>Closes the attempt.</summary>
    internal static UpdateSettersBuilder<Attempt> End(UpdateSettersBuilder<Attempt> attempt, AttemptState end, DateTimeOffset now, string? error) => attempt
        .SetProperty(a => a.State, end)
        .SetProperty(a => a.FinishedAt, now)
        .SetProperty(a => a.Error, error);

    /// <summary>Changes one image and its attempt together. False, and nothing is changed, when <paramref name="image"/> finds none.</summary>
    internal async Task<bool> TransitAsync(
        IQueryable<Image> image, Guid attempt, Action<UpdateSettersBuilder<Image>> setImage, Action<UpdateSettersBuilder<Attempt>> setAttempt,
        CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await image.ExecuteUpdateAsync(setImage, cancellationToken) == 0)
        {
            return false;
        }

        await db.Attempts.Where(row => row.Id == attempt).ExecuteUpdateAsync(setAttempt, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Puts images back into the backlog with no failure counted; how many.</summary>
    internal async Task<int> RequeueAsync(IQueryable<Image> images, AttemptState end, string? reason, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var attempts = await images.Select(image => image.AttemptId!.Value).ToListAsync(cancellationToken);
        if (attempts.Count == 0)
        {
            return 0;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var count = await images.Where(image => attempts.Contains(image.AttemptId!.Value))
            .ExecuteUpdateAsync(image => Leave(image, ImageState.Queued).SetProperty(i => i.Error, i => reason ?? i.Error), cancellationToken);
        // of those, the ones whose image let go of them just now
        await db.Attempts
            .Where(attempt => attempts.Contains(attempt.Id) && attempt.FinishedAt == null && !db.Images.Any(image => image.AttemptId == attempt.Id))
            .ExecuteUpdateAsync(attempt => End(attempt, end, now, reason), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return count;
    }
}
