using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Images;

/// <summary>An image with the attempt that was just opened for it.</summary>
public sealed record TakenImage(Image Image, Attempt Attempt);

/// <summary>
/// Every transition of an image, and of the attempt behind it:
/// <code>
/// queued     → dispatched   TakeAsync        a new attempt, before its command is published
/// dispatched → rendering    StartAsync       a worker took it up
/// dispatched → queued       UnpublishedAsync, ReturnAsync, RestartAsync, lease expired: nobody drew; no failure
/// rendering  → succeeded    SucceedAsync     (also from dispatched: reports may overtake each other)
/// rendering  → queued       ReturnAsync by the worker itself, StopAsync: shutdown; no failure
/// rendering  → queued       FailAsync retryable, worker lost: a failure, tried again after a growing wait
///                           RestartAsync: a failure, too, but tried again at once
/// rendering  → failed       FailAsync permanent, or the last of MaxAttempts failures
/// </code>
/// Each is one update conditional on the image's state and current attempt; its row count says whether it won. So news of
/// a superseded attempt, and news that comes twice, changes nothing.
/// </summary>
public sealed class ImageLifecycle(FarmDb db, TimeProvider time, IOptions<ImageOptions> options)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    /// <summary>Opens attempts for the oldest waiting images of a model, as many as keep those under way within
    /// <paramref name="window"/>. Committed when it returns; what the caller then fails to publish, the lease heals.</summary>
    public async Task<IReadOnlyList<TakenImage>> TakeAsync(string model, int window, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // one coordinator at a time counts what a model has under way, so that several do not overfill its window
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext({"dispatch:" + model}))", cancellationToken);
        var room = window - await UnderWay.CountAsync(image => image.Model == model, cancellationToken);
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
        await UnderWay.Where(image => image.State == ImageState.Dispatched && attempts.Contains(image.AttemptId!.Value))
            .ExecuteUpdateAsync(image => image.SetProperty(i => i.LeaseUntil, lease), cancellationToken);
    }

    /// <summary>The commands of these attempts were not published: the images wait again.</summary>
    public Task UnpublishedAsync(IReadOnlyCollection<Guid> attempts, CancellationToken cancellationToken) =>
        RequeueAsync(
            UnderWay.Where(image => image.State == ImageState.Dispatched && attempts.Contains(image.AttemptId!.Value)),
            AttemptState.Returned, "The command could not be published.", cancellationToken);

    /// <summary>Gives up everything under way, for a transport that forgot its messages with the process. What was being drawn
    /// may be what killed it, so that counts as a failure; all of it that is left waits again at once.</summary>
    public async Task<int> RestartAsync(CancellationToken cancellationToken) =>
        await RequeueAsync(
            UnderWay.Where(image => image.State == ImageState.Dispatched), AttemptState.Lost, "The farm was restarted.", cancellationToken)
        + await LoseAsync(UnderWay, "The farm was restarted while drawing it.", cancellationToken);

    /// <summary>Puts everything under way back, for a bus and workers that were shut down with the process.</summary>
    public Task<int> StopAsync(CancellationToken cancellationToken) => RequeueAsync(UnderWay, AttemptState.Returned, null, cancellationToken);

    /// <summary>A worker took the image up. False: not news of the current attempt.</summary>
    public Task<bool> StartAsync(ImageStarted report, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return TransitAsync(
            Current(report.ImageId, report.AttemptId).Where(image => image.State == ImageState.Dispatched),
            report.AttemptId,
            image => image
                .SetProperty(i => i.State, ImageState.Rendering)
                .SetProperty(i => i.WorkerId, report.WorkerId)
                .SetProperty(i => i.StartedAt, now)
                .SetProperty(i => i.LeaseUntil, now + options.Value.RenderLease),
            attempt => attempt
                .SetProperty(a => a.State, AttemptState.Rendering)
                .SetProperty(a => a.WorkerId, report.WorkerId)
                .SetProperty(a => a.StartedAt, now),
            cancellationToken);
    }

    /// <summary>Notes the steps done and renews the lease. False: late, or not of the current attempt.</summary>
    public async Task<bool> ProgressAsync(ImageProgressed report, CancellationToken cancellationToken)
    {
        var lease = time.GetUtcNow() + options.Value.RenderLease;
        return await Current(report.ImageId, report.AttemptId)
            .Where(image => image.State == ImageState.Rendering && image.Sequence < report.Sequence)
            .ExecuteUpdateAsync(
                image => image
                    .SetProperty(i => i.Step, report.Step)
                    .SetProperty(i => i.Steps, Math.Max(report.Steps, 1)) // progress is a share of them
                    .SetProperty(i => i.Preview, report.Preview)
                    .SetProperty(i => i.Sequence, report.Sequence)
                    .SetProperty(i => i.LeaseUntil, lease),
                cancellationToken) == 1;
    }

    /// <summary>Renews the leases of the attempts a worker has in its hands.</summary>
    public async Task RenewAsync(IReadOnlyList<Guid> attempts, CancellationToken cancellationToken)
    {
        if (attempts.Count > 0)
        {
            var lease = time.GetUtcNow() + options.Value.RenderLease;
            await UnderWay.Where(image => attempts.Contains(image.AttemptId!.Value))
                .ExecuteUpdateAsync(image => image.SetProperty(i => i.LeaseUntil, lease), cancellationToken);
        }
    }

    /// <summary>Commits the picture. False: not of the current attempt; its object belongs to nobody.</summary>
    public Task<bool> SucceedAsync(ImageRendered report, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return TransitAsync(
            Current(report.ImageId, report.AttemptId),
            report.AttemptId,
            image => image
                .SetProperty(i => i.State, ImageState.Succeeded)
                .SetProperty(i => i.WorkerId, report.WorkerId)
                .SetProperty(i => i.StartedAt, i => i.StartedAt ?? now)
                .SetProperty(i => i.FinishedAt, now)
                .SetProperty(i => i.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(i => i.Step, i => i.Steps)
                .SetProperty(i => i.ObjectKey, report.ObjectKey)
                .SetProperty(i => i.Sha256, report.Sha256)
                .SetProperty(i => i.Bytes, report.Bytes)
                .SetProperty(i => i.RenderTime, report.RenderTime)
                .SetProperty(i => i.PeakMemory, report.PeakMemory)
                .SetProperty(i => i.Preview, (byte[]?)null)
                .SetProperty(i => i.Error, (string?)null),
            attempt => End(attempt, AttemptState.Succeeded, now, null)
                .SetProperty(a => a.WorkerId, report.WorkerId)
                .SetProperty(a => a.StartedAt, a => a.StartedAt ?? now),
            cancellationToken);
    }

    /// <summary>The attempt failed: tried again later, or given up. False: not of the current attempt.</summary>
    public Task<bool> FailAsync(ImageFailed report, CancellationToken cancellationToken) =>
        FailAsync(
            Current(report.ImageId, report.AttemptId), report.AttemptId, AttemptState.Failed,
            report.WorkerId, report.Reason, report.Retryable, cancellationToken);

    /// <summary>The image comes back undrawn and waits again at once. False: not of the current attempt.</summary>
    public async Task<bool> ReturnAsync(ImageReturned report, CancellationToken cancellationToken)
    {
        var current = Current(report.ImageId, report.AttemptId);
        if (await RequeueAsync(
            current.Where(image => image.State == ImageState.Dispatched || image.WorkerId == report.WorkerId),
            AttemptState.Returned, null, cancellationToken) == 1)
        {
            return true;
        }

        // The broker gave the command of a worker at work to another one: the first is lost, and the image may be why.
        return await LoseAsync(current.Where(image => image.WorkerId != report.WorkerId), report.AttemptId, null, cancellationToken);
    }

    /// <summary>Gives up attempts whose lease ran out: unrendered ones wait again, those a worker was drawing have failed.</summary>
    public async Task<int> ExpireAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var expired = UnderWay.Where(image => image.LeaseUntil < now);
        return await RequeueAsync(
            expired.Where(image => image.State == ImageState.Dispatched),
            AttemptState.Lost, "No worker took the image up in time.", cancellationToken)
            + await LoseAsync(expired, null, cancellationToken);
    }

    private IQueryable<Image> UnderWay =>
        db.Images.Where(image => image.State == ImageState.Dispatched || image.State == ImageState.Rendering);

    private IQueryable<Image> Current(Guid image, Guid attempt) =>
        UnderWay.Where(row => row.Id == image && row.AttemptId == attempt);

    // human-browsable, and each attempt's own
    private static string ObjectKey(Image image) =>
        $"batches/{image.BatchId}/{image.Index:D5}-{image.Seed}-{image.AttemptId!.Value.ToString("N")[^8..]}.png";

    // Those of the images that are being drawn, one by one: some may have used up their attempts. How many were lost.
    private async Task<int> LoseAsync(IQueryable<Image> images, string? restart, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var lost in await images.Where(image => image.State == ImageState.Rendering)
            .OrderBy(image => image.LeaseUntil).Take(1000).Select(image => new { image.Id, image.AttemptId }).ToListAsync(cancellationToken))
        {
            // still one of them when it is its turn: a report may have renewed its lease meanwhile
            var current = images.Where(image => image.Id == lost.Id && image.AttemptId == lost.AttemptId);
            count += await LoseAsync(current, lost.AttemptId!.Value, restart, cancellationToken) ? 1 : 0;
        }

        return count;
    }

    // after a restart the wait before the next attempt is left out: it would only hold the farm up
    private async Task<bool> LoseAsync(IQueryable<Image> current, Guid attempt, string? restart, CancellationToken cancellationToken)
    {
        var worker = await current.Select(image => image.WorkerId).SingleOrDefaultAsync(cancellationToken);
        return worker != null && await FailAsync(
            current, attempt, AttemptState.Lost, worker, restart ?? $"Worker {worker} was lost while drawing it.", retryable: true, cancellationToken,
            wait: restart is null);
    }

    private async Task<bool> FailAsync(
        IQueryable<Image> current, Guid attempt, AttemptState end, string worker, string reason, bool retryable, CancellationToken cancellationToken,
        bool wait = true)
    {
        var now = time.GetUtcNow();
        var row = await current.Select(image => new { image.Failures }).SingleOrDefaultAsync(cancellationToken);
        if (row is null)
        {
            return false;
        }

        var failures = row.Failures + 1;
        var again = retryable && failures < options.Value.MaxAttempts;
        return await TransitAsync(
            current,
            attempt,
            image => Leave(image, again ? ImageState.Queued : ImageState.Failed)
                .SetProperty(i => i.Failures, failures)
                .SetProperty(i => i.NotBefore, again && wait ? now + Delay(failures) : null)
                .SetProperty(i => i.FinishedAt, again ? null : now)
                .SetProperty(i => i.WorkerId, worker)
                .SetProperty(i => i.Error, reason),
            row => End(row, end, now, reason).SetProperty(a => a.WorkerId, worker),
            cancellationToken);
    }

    private TimeSpan Delay(int failures)
    {
        var delay = options.Value.RetryDelay * Math.Pow(2, Math.Min(failures - 1, 20));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    // lets go of the attempt, so that its news no longer counts
    private static UpdateSettersBuilder<Image> Leave(UpdateSettersBuilder<Image> image, ImageState next) => image
        .SetProperty(i => i.State, next)
        .SetProperty(i => i.AttemptId, (Guid?)null)
        .SetProperty(i => i.LeaseUntil, (DateTimeOffset?)null)
        .SetProperty(i => i.Preview, (byte[]?)null)
        .SetProperty(i => i.Step, 0);

    private static UpdateSettersBuilder<Attempt> End(UpdateSettersBuilder<Attempt> attempt, AttemptState end, DateTimeOffset now, string? error) => attempt
        .SetProperty(a => a.State, end)
        .SetProperty(a => a.FinishedAt, now)
        .SetProperty(a => a.Error, error);

    private async Task<bool> TransitAsync(
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

    // Back into the backlog with no failure counted; how many did.
    private async Task<int> RequeueAsync(IQueryable<Image> images, AttemptState end, string? reason, CancellationToken cancellationToken)
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
