using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>
/// What every transition of an image is made of. These are all there are:
/// <code>
/// queued     → dispatched   ImageClaims.Take        a new attempt, before its command is published
/// dispatched → rendering    ImageClaims.Claim       a worker was granted the attempt
/// dispatched → queued       ImageLosses: not published, not claimed in time, its one worker abandoned it, a new dispatcher; no failure
/// rendering  → succeeded    ImageEnds               the picture is stored
/// rendering  → queued       ImageEnds.Returned, ImageLosses.Forgotten, Stop: undrawn; no failure
/// rendering  → queued       ImageEnds.Failed retryable, ImageLosses.Lost: a failure, tried again after a growing wait
/// rendering  → failed       ImageEnds.Failed permanent, or the last of MaxAttempts failures, or of MaxLosses lost workers
/// open       → cancelled    ImageCancels            by its owner
/// queued     → failed       ImageCancels.Overdue    the batch's deadline
/// queued, dispatched → failed  ImageLacks           a file that it needs was taken away
/// failed, cancelled → queued  ImageReplays          by its owner
/// </code>
/// Each is one statement, conditional on the image's state and current attempt, over any number of images: what it does not find
/// as expected it leaves alone. So news of a superseded attempt, and news that comes twice, changes nothing. The same statement
/// writes the attempt's history, wakes the image's lane, counts the batch's open images and tells the event.
/// </summary>
public sealed class ImageTransitions(FarmDb db)
{
    /// <summary>Images that have a state that is no end.</summary>
    internal const string Open = "('queued', 'dispatched', 'rendering')";

    /// <summary>Columns that let go of the attempt, so that its news no longer counts.</summary>
    internal const string Leave = "attempt_id = NULL, lease_until = NULL, preview = NULL, step = 0";

    /// <summary>What the <c>moved</c> rows of <see cref="RunAsync"/> return: the row as it is now, the attempt that ended (NULL for none), and how.</summary>
    internal const string Moved =
        "i.id, i.batch_id, i.index, i.recipe_id, i.state, i.not_before, i.attempts, i.object_key, i.worker_id, i.dispatched_at, i.started_at, i.error";

    private const string Tail = """
        , history AS (
            INSERT INTO attempts (id, image_id, number, outcome, object_key, worker_id, dispatched_at, started_at, finished_at, error)
            SELECT ended, id, attempts, outcome, object_key, worker_id, dispatched_at, started_at, @now, CASE WHEN outcome IN ('failed', 'lost') THEN error END
            FROM moved WHERE ended IS NOT NULL),
        lanes AS (
            UPDATE recipes r SET waiting = true, not_before = CASE
                WHEN m.at_once OR (r.waiting AND r.not_before IS NULL) THEN NULL
                WHEN r.waiting THEN least(r.not_before, m.first) ELSE m.first END
            FROM (SELECT recipe_id, bool_or(not_before IS NULL) AS at_once, min(not_before) AS first FROM moved WHERE state = 'queued' GROUP BY recipe_id) m
            WHERE r.id = m.recipe_id),
        closed AS (
            UPDATE batches b SET open = b.open - m.ended, finished_at = CASE WHEN b.open = m.ended THEN @now END
            FROM (SELECT batch_id, count(*)::int AS ended FROM moved WHERE state IN ('succeeded', 'failed', 'cancelled') GROUP BY batch_id) m
            WHERE b.id = m.batch_id
            RETURNING b.id, b.owner_id, b.finished_at),
        told AS (
            INSERT INTO events (batch_id, owner_id, type, data)
            SELECT m.batch_id, b.owner_id, 'images.' || CASE m.state WHEN 'rendering' THEN 'started' ELSE m.state END, jsonb_build_object('images',
                jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', m.id, 'index', m.index, 'worker_id', m.worker_id, 'error', CASE WHEN m.state IN ('queued', 'failed') THEN m.error END)) ORDER BY m.index))
            FROM moved m JOIN batches b ON b.id = m.batch_id GROUP BY m.batch_id, b.owner_id, m.state
            UNION ALL SELECT id, owner_id, 'batch.finished', jsonb_build_object() FROM closed WHERE finished_at IS NOT NULL)
        SELECT id AS "Id", batch_id AS "BatchId", state AS "State", worker_id AS "WorkerId", ended AS "AttemptId", error AS "Error" FROM moved
        """;

    /// <summary>Runs a transition.</summary>
    /// <param name="moved">SQL: <c>WITH … moved AS (UPDATE images i SET … RETURNING</c> <see cref="Moved"/><c>, … AS ended, … AS outcome)</c>; may use
    /// <c>@now</c>.</param>
    /// <param name="now">UTC.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    /// <param name="parameters">Of <paramref name="moved"/>.</param>
    /// <returns>The images that it moved.</returns>
    internal async Task<IReadOnlyList<MovedImage>> RunAsync(
        string moved, DateTimeOffset now, CancellationToken cancellationToken, params IEnumerable<NpgsqlParameter> parameters) =>
#pragma warning disable EF1003 // both halves are ours; values are parameters
        await db.Database.SqlQueryRaw<MovedImage>(moved + Tail, [.. parameters, new NpgsqlParameter("now", now)]).ToListAsync(cancellationToken);
#pragma warning restore EF1003
}

/// <summary>An image that a transition moved.</summary>
/// <param name="Id">The image.</param>
/// <param name="BatchId">Its batch.</param>
/// <param name="State">Its state now, as the table spells it.</param>
/// <param name="WorkerId">Who drew it last; null when nobody.</param>
/// <param name="AttemptId">The attempt that ended; null when none did.</param>
/// <param name="Error">Why the last attempt ended without a picture.</param>
public sealed record MovedImage(Guid Id, Guid BatchId, string State, string? WorkerId, Guid? AttemptId, string? Error)
{
    /// <summary>Whether it is in that state now.</summary>
    public bool Is(ImageState state) => State == StateNames<ImageState>.Name(state);
}
