using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>An image with the attempt that was just opened for it.</summary>
public sealed record TakenImage(Image Image, Attempt Attempt);

/// <summary>Images out of the backlog, and attempts to the broker; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageClaims(FarmDb db, ImageTransitions transitions, TimeProvider time, IOptions<ImageOptions> options)
{
    /// <summary>Opens attempts for the oldest waiting images of a model, as many as keep those under way within
    /// <paramref name="window"/>. Committed when it returns; what the caller then fails to publish, the lease heals.</summary>
    public async Task<IReadOnlyList<TakenImage>> TakeAsync(string model, int window, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // one coordinator at a time counts what a model has under way, so that several do not overfill its window
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext({"dispatch:" + model}))", cancellationToken);
        var room = window - await transitions.UnderWay.CountAsync(image => image.Model == model, cancellationToken);
        if (room <= 0)
        {
            return [];
        }

        var ids = await db.Database.SqlQuery<Guid>($"""
            SELECT id AS "Value" FROM images
            WHERE state = 'queued' AND model = {model} AND (not_before IS NULL OR not_before <= {now})
            ORDER BY position LIMIT {room} FOR UPDATE SKIP LOCKED
            """).ToListAsync(cancellationToken);
        var images = await db.Images.Where(image => ids.Contains(image.Id)).OrderBy(image => image.Position).ToListAsync(cancellationToken);
        foreach (var image in images)
        {
            image.State = ImageState.Dispatched;
            image.AttemptId = Guid.CreateVersion7(now);
            image.Attempts++;
            image.NotBefore = null;
            image.LeaseUntil = now + options.Value.PublishLease;
            image.WorkerId = null;
            image.StartedAt = null;
            image.Step = 0;
            image.Sequence = 0;
        }

        var attempts = images.ConvertAll(image => new Attempt
        {
            Id = image.AttemptId!.Value,
            ImageId = image.Id,
            Number = image.Attempts,
            ObjectKey = ObjectKey(image),
            DispatchedAt = now,
        });
        db.Attempts.AddRange(attempts);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return [.. images.Zip(attempts, (image, attempt) => new TakenImage(image, attempt))];
    }

    /// <summary>The broker has these attempts' commands: their leases now last as long as a command may wait there.</summary>
    public async Task PublishedAsync(IReadOnlyCollection<Guid> attempts, CancellationToken cancellationToken)
    {
        var lease = time.GetUtcNow() + options.Value.QueueLease;
        await transitions.UnderWay.Where(image => image.State == ImageState.Dispatched && attempts.Contains(image.AttemptId!.Value))
            .ExecuteUpdateAsync(image => image.SetProperty(i => i.LeaseUntil, lease), cancellationToken);
    }

    /// <summary>The commands of these attempts were not published: the images wait again.</summary>
    public Task UnpublishedAsync(IReadOnlyCollection<Guid> attempts, CancellationToken cancellationToken) =>
        transitions.RequeueAsync(
            transitions.UnderWay.Where(image => image.State == ImageState.Dispatched && attempts.Contains(image.AttemptId!.Value)),
            AttemptState.Returned, "The command could not be published.", cancellationToken);

    // human-browsable, and each attempt's own
    private static string ObjectKey(Image image) =>
        $"batches/{image.BatchId}/{image.Index:D5}-{image.Seed}-{image.AttemptId!.Value.ToString("N")[^8..]}.png";
}
