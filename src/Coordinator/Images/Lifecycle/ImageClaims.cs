using System.Numerics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Images out of the backlog, and attempts into workers' hands; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageClaims(FarmDb db, ImageTransitions transitions, TimeProvider time, IOptions<ImageOptions> options)
{
    /// <summary>Opens attempts for the first queued images of each lane. Committed when it returns; what the caller then fails to publish it gives
    /// back by <see cref="ImageLosses.UnpublishedAsync"/>. The disk is not waited for: should the server fail in the next moment, the images wait as if this
    /// had not happened, and who claims the attempts is refused.</summary>
    /// <param name="lanes">Recipes, each with the most images to take of it.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing was taken.</param>
    /// <param name="worker">The only worker that they are for; null for any.</param>
    /// <returns>In the order of the lanes; a lane that has fewer gives fewer.</returns>
    public async Task<IReadOnlyList<TakenImage>> TakeAsync(IReadOnlyList<(long Recipe, int Count)> lanes, CancellationToken cancellationToken, string? worker = null)
    {
        var now = time.GetUtcNow();
        // written out, unlike the counts, so that the planner knows that they are few, however many wait, and looks them up; rounded, so that statements are few
        var most = BitOperations.RoundUpToPowerOf2((uint)lanes.Sum(lane => lane.Count));
#pragma warning disable EF1002 // a number of ours; values are parameters
        return await db.Database.SqlQueryRaw<TakenImage>($"""
            WITH chosen AS (
                -- version 7, so that the history grows at its end
                SELECT first.id, lane.place, (@time || substr(gen_random_uuid()::text, 16))::uuid AS attempt
                FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unsynced, unnest(@recipes, @counts) WITH ORDINALITY AS lane(recipe, count, place)
                CROSS JOIN LATERAL (
                    SELECT id FROM images
                    WHERE recipe_id = lane.recipe AND state = 'queued' AND (not_before IS NULL OR not_before <= @now)
                    ORDER BY position LIMIT lane.count FOR UPDATE SKIP LOCKED) first
                LIMIT {most}),
            taken AS (
                UPDATE images i SET
                    state = 'dispatched', attempt_id = c.attempt, attempts = i.attempts + 1, dispatched_at = @now, lease_until = @lease,
                    not_before = NULL, worker_id = @worker, started_at = NULL, step = 0, sequence = 0,
                    object_key = 'batches/' || i.batch_id || '/' || lpad(i.index::text, greatest(5, length(i.index::text)), '0') || '-' || i.seed || '-'
                        || right(c.attempt::text, 8) || '.png'
                FROM chosen c, prompts p, batches b
                WHERE i.id = c.id AND p.id = i.prompt_id AND b.id = i.batch_id AND b.cancelled_at IS NULL
                RETURNING c.place, i.position, i.recipe_id, i.id, i.batch_id, i.attempt_id, i.object_key, i.seed, i.losses,
                    p.text, p.negative_text, p.text2, p.negative_text2, b.live_preview, b.trace_parent)
            SELECT recipe_id AS "RecipeId", id AS "Id", batch_id AS "BatchId", attempt_id AS "AttemptId", object_key AS "ObjectKey", seed AS "Seed",
                losses AS "Losses", text AS "Prompt", negative_text AS "NegativePrompt", text2 AS "Prompt2", negative_text2 AS "NegativePrompt2",
                live_preview AS "LivePreview", trace_parent AS "TraceParent"
            FROM taken ORDER BY place, position
            """,
            new NpgsqlParameter("time", Guid.CreateVersion7(now).ToString()[..15]), // to the version's digit
            new NpgsqlParameter("recipes", lanes.Select(lane => lane.Recipe).ToArray()),
            new NpgsqlParameter("counts", lanes.Select(lane => lane.Count).ToArray()),
            new NpgsqlParameter("worker", NpgsqlDbType.Text) { Value = (object?)worker ?? DBNull.Value },
            new NpgsqlParameter("now", now),
            new NpgsqlParameter("lease", now + options.Value.QueueLease)).ToListAsync(cancellationToken);
#pragma warning restore EF1002
    }

    /// <summary>Grants a worker the attempts that still count and nobody has: they are its own from now on, for as long as it is heard of.
    /// Asked again for what it was granted before, it is granted again, for a while: later the question is of a command that came twice, and the picture may
    /// be stored already.</summary>
    /// <returns>The attempts granted.</returns>
    public async Task<IReadOnlyList<Guid>> ClaimAsync(ClaimImages claim, CancellationToken cancellationToken)
    {
        var images = new NpgsqlParameter("images", claim.Attempts.Select(attempt => attempt.ImageId).ToArray());
        var attempts = new NpgsqlParameter("attempts", claim.Attempts.Select(attempt => attempt.AttemptId).ToArray());
        var worker = new NpgsqlParameter("worker", claim.WorkerId);
        var moved = await transitions.RunAsync($"""
            WITH asked AS (SELECT * FROM unnest(@images, @attempts) AS a(image_id, attempt_id)),
            moved AS (
                UPDATE images i SET state = 'rendering', worker_id = @worker, started_at = @now, lease_until = NULL
                FROM asked a
                -- IS TRUE, and the batch looked up by itself: so that images are found by their key, however few the planner expects in other indexes
                WHERE i.id = a.image_id AND i.attempt_id = a.attempt_id AND (i.state = 'dispatched') IS TRUE
                    AND (SELECT cancelled_at IS NULL FROM batches b WHERE b.id = i.batch_id)
                RETURNING {ImageTransitions.Moved}, NULL::uuid AS ended, NULL::text AS outcome)
            """, time.GetUtcNow(), cancellationToken, images, attempts, worker);
        if (moved.Count == claim.Attempts.Count)
        {
            return [.. claim.Attempts.Select(attempt => attempt.AttemptId)];
        }

        Guid[] rows = [.. claim.Attempts.Select(attempt => attempt.ImageId)], named = [.. claim.Attempts.Select(attempt => attempt.AttemptId)];
        var since = time.GetUtcNow() - options.Value.ForgottenAfter; // what it was granted before and does not have is taken from it, too
        return await db.Images.Where(image => rows.Contains(image.Id) && image.State == ImageState.Rendering && image.WorkerId == claim.WorkerId && image.StartedAt > since
                && image.AttemptId != null && named.Contains(image.AttemptId.Value))
            .Select(image => image.AttemptId!.Value).ToListAsync(cancellationToken);
    }
}

/// <summary>An image with the attempt that was just opened for it.</summary>
public sealed record TakenImage(
    long RecipeId, Guid Id, Guid BatchId, Guid AttemptId, string ObjectKey, long Seed, int Losses,
    string Prompt, string NegativePrompt, string? Prompt2, string? NegativePrompt2, bool LivePreview, string? TraceParent);
