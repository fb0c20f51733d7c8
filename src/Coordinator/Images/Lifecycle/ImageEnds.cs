using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>How attempts end, by a worker's report, by a lease that ran out or with the process; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageEnds(ImageTransitions transitions, TimeProvider time, IOptions<ImageOptions> options)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    /// <summary>Commits the picture. False: not of the current attempt; its object belongs to nobody.</summary>
    public Task<bool> SucceedAsync(ImageRendered report, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var steps = report.Steps > 0 ? report.Steps : null; // progress is a share of them
        return transitions.TransitAsync(
            transitions.Current(report.ImageId, report.AttemptId),
            report.AttemptId,
            image => image
                .SetProperty(i => i.State, ImageState.Succeeded)
                .SetProperty(i => i.WorkerId, report.WorkerId)
                .SetProperty(i => i.StartedAt, i => i.StartedAt ?? now)
                .SetProperty(i => i.FinishedAt, now)
                .SetProperty(i => i.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(i => i.Step, i => steps ?? i.Steps)
                .SetProperty(i => i.Steps, i => steps ?? i.Steps)
                .SetProperty(i => i.ObjectKey, report.ObjectKey)
                .SetProperty(i => i.Sha256, report.Sha256)
                .SetProperty(i => i.Bytes, report.Bytes)
                .SetProperty(i => i.RenderTime, report.RenderTime)
                .SetProperty(i => i.PeakMemory, report.PeakMemory)
                .SetProperty(i => i.Preview, (byte[]?)null)
                .SetProperty(i => i.Error, (string?)null),
            attempt => ImageTransitions.End(attempt, AttemptState.Succeeded, now, null)
                .SetProperty(a => a.WorkerId, report.WorkerId)
                .SetProperty(a => a.StartedAt, a => a.StartedAt ?? now),
            cancellationToken);
    }

    /// <summary>The attempt failed: tried again later, or given up. False: not of the current attempt.</summary>
    public Task<bool> FailAsync(ImageFailed report, CancellationToken cancellationToken) =>
        FailAsync(
            transitions.Current(report.ImageId, report.AttemptId), report.AttemptId, AttemptState.Failed,
            report.WorkerId, report.Reason.Storable(), report.Retryable, cancellationToken);

    /// <summary>The image comes back undrawn and waits again at once. False: not of the current attempt.</summary>
    public async Task<bool> ReturnAsync(ImageReturned report, CancellationToken cancellationToken)
    {
        var current = transitions.Current(report.ImageId, report.AttemptId);
        if (await transitions.RequeueAsync(
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
        var expired = transitions.UnderWay.Where(image => image.LeaseUntil < now);
        return await transitions.RequeueAsync(
            expired.Where(image => image.State == ImageState.Dispatched),
            AttemptState.Lost, "No worker took the image up in time.", cancellationToken)
            + await LoseAsync(expired, null, cancellationToken);
    }

    /// <summary>Gives up everything under way, for a transport that forgot its messages with the process. What was being drawn
    /// may be what killed it, so that counts as a failure; all of it that is left waits again at once.</summary>
    public async Task<int> RestartAsync(CancellationToken cancellationToken) =>
        await transitions.RequeueAsync(
            transitions.UnderWay.Where(image => image.State == ImageState.Dispatched), AttemptState.Lost, "The farm was restarted.", cancellationToken)
        + await LoseAsync(transitions.UnderWay, "The farm was restarted while drawing it.", cancellationToken);

    /// <summary>Puts everything under way back, for a bus and workers that were shut down with the process.</summary>
    public Task<int> StopAsync(CancellationToken cancellationToken) => transitions.RequeueAsync(transitions.UnderWay, AttemptState.Returned, null, cancellationToken);

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
        return await transitions.TransitAsync(
            current,
            attempt,
            image => ImageTransitions.Leave(image, again ? ImageState.Queued : ImageState.Failed)
                .SetProperty(i => i.Failures, failures)
                .SetProperty(i => i.NotBefore, again && wait ? now + Delay(failures) : null)
                .SetProperty(i => i.FinishedAt, again ? null : now)
                .SetProperty(i => i.WorkerId, worker)
                .SetProperty(i => i.Error, reason),
            row => ImageTransitions.End(row, end, now, reason).SetProperty(a => a.WorkerId, worker),
            cancellationToken);
    }

    private TimeSpan Delay(int failures)
    {
        var delay = options.Value.RetryDelay * Math.Pow(2, Math.Min(failures - 1, 20));
        return delay < LongestDelay ? delay : LongestDelay;
    }
}
