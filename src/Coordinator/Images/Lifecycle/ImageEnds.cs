using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Attempts that workers brought to an end; see <see cref="ImageTransitions"/>. News of attempts that no longer count changes nothing;
/// objects that such an attempt wrote belong to nobody.</summary>
public sealed class ImageEnds(ImageTransitions transitions, TimeProvider time, IOptions<ImageOptions> options)
{
    internal static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    /// <summary>Commits pictures. A row that is only dispatched will do: its claim may have been granted by a coordinator whose answer was lost.</summary>
    public Task<IReadOnlyList<MovedImage>> SucceedAsync(string worker, IReadOnlyList<ImageRendered> rendered, CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH news AS (
            SELECT DISTINCT ON (image_id, attempt_id) * FROM unnest(@images, @attempts, @sha256, @bytes, @times, @steps, @memory)
                AS n(image_id, attempt_id, sha256, bytes, render_time, steps, peak_memory)),
        moved AS (
            UPDATE images i SET
                state = 'succeeded', finished_at = @now, lease_until = NULL, preview = NULL, error = NULL, worker_id = @worker,
                started_at = coalesce(i.started_at, @now), sha256 = n.sha256, bytes = n.bytes, render_time = n.render_time, peak_memory = n.peak_memory,
                step = coalesce(nullif(n.steps, 0), i.steps), steps = coalesce(nullif(n.steps, 0), i.steps)
            FROM news n
            WHERE i.id = n.image_id AND i.attempt_id = n.attempt_id AND i.state IN ('dispatched', 'rendering')
            RETURNING {ImageTransitions.Moved}, n.attempt_id AS ended, 'succeeded' AS outcome)
        """, time.GetUtcNow(), cancellationToken,
        new("worker", worker),
        new("images", rendered.Select(image => image.ImageId).ToArray()),
        new("attempts", rendered.Select(image => image.AttemptId).ToArray()),
        new("sha256", rendered.Select(image => image.Sha256).ToArray()),
        new("bytes", rendered.Select(image => image.Bytes).ToArray()),
        new("times", rendered.Select(image => image.RenderTime).ToArray()),
        new("steps", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = rendered.Select(image => image.Steps).ToArray() },
        new("memory", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = rendered.Select(image => image.PeakMemory).ToArray() });

    /// <summary>Attempts that failed: their images are tried again later, or given up.</summary>
    public Task<IReadOnlyList<MovedImage>> FailAsync(string worker, IReadOnlyList<ImageFailed> failed, CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH news AS (
            SELECT DISTINCT ON (image_id, attempt_id) * FROM unnest(@images, @attempts, @reasons, @retryable) AS n(image_id, attempt_id, reason, retryable)),
        moved AS (
            UPDATE images i SET
                {ImageTransitions.Leave}, failures = i.failures + 1, error = n.reason, worker_id = @worker,
                state = CASE WHEN n.retryable AND i.failures + 1 < @most THEN 'queued' ELSE 'failed' END,
                not_before = CASE WHEN n.retryable AND i.failures + 1 < @most THEN {Again} END,
                finished_at = CASE WHEN n.retryable AND i.failures + 1 < @most THEN NULL ELSE @now END
            FROM news n
            WHERE i.id = n.image_id AND i.attempt_id = n.attempt_id AND i.state IN ('dispatched', 'rendering')
            RETURNING {ImageTransitions.Moved}, n.attempt_id AS ended, 'failed' AS outcome)
        """, time.GetUtcNow(), cancellationToken,
        new("worker", worker),
        new("images", failed.Select(image => image.ImageId).ToArray()),
        new("attempts", failed.Select(image => image.AttemptId).ToArray()),
        new("reasons", failed.Select(image => image.Reason.Storable()).ToArray()),
        new("retryable", failed.Select(image => image.Retryable).ToArray()),
        new("most", options.Value.MaxAttempts), new("delay", options.Value.RetryDelay), new("longest", LongestDelay));

    /// <summary>Images that come back undrawn and wait again at once.</summary>
    public Task<IReadOnlyList<MovedImage>> ReturnAsync(string worker, IReadOnlyList<AttemptReference> returned, CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH news AS (SELECT DISTINCT * FROM unnest(@images, @attempts) AS n(image_id, attempt_id)),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'queued'
            FROM news n
            WHERE i.id = n.image_id AND i.attempt_id = n.attempt_id AND (i.state = 'rendering') IS TRUE AND i.worker_id = @worker
            RETURNING {ImageTransitions.Moved}, n.attempt_id AS ended, 'returned' AS outcome)
        """, time.GetUtcNow(), cancellationToken,
        new("worker", worker),
        new("images", returned.Select(image => image.ImageId).ToArray()),
        new("attempts", returned.Select(image => image.AttemptId).ToArray()));

    /// <summary>SQL: when an image that just failed may be tried again: the delay, doubled with each failure.</summary>
    internal const string Again = "@now + least(@delay * power(2, least(i.failures, 20)), @longest)";
}
