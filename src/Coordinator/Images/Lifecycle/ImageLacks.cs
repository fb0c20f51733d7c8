namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Images whose files were taken away; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageLacks(ImageTransitions transitions, TimeProvider time)
{
    /// <summary>Gives up images that are not being drawn yet and whose settings contain these, at most <see cref="ImageCancels.Chunk"/>.</summary>
    /// <param name="settings">JSON, as PostgreSQL's <c>@&gt;</c> takes it.</param>
    /// <param name="reason">Why they cannot be drawn.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public Task<IReadOnlyList<MovedImage>> FailAsync(string settings, string reason, CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH gone AS (
            SELECT i.id, i.attempt_id FROM batches b JOIN recipes r ON r.batch_id = b.id JOIN images i ON i.recipe_id = r.id
            WHERE b.finished_at IS NULL AND r.settings @> @settings::jsonb AND i.state IN ('queued', 'dispatched') LIMIT {ImageCancels.Chunk} FOR UPDATE OF i),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'failed', not_before = NULL, finished_at = @now, error = @reason FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, gone.attempt_id AS ended, 'failed' AS outcome)
        """, time.GetUtcNow(), cancellationToken, new("settings", settings), new("reason", reason));
}
