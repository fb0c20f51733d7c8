namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Images that shall not be drawn any more; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageCancels(ImageTransitions transitions, TimeProvider time)
{
    /// <summary>Images of one statement, so that none holds its locks for long.</summary>
    public const int Chunk = 5000;

    /// <summary>Withdraws images that are not at an end, at most <see cref="Chunk"/>.</summary>
    /// <param name="batch">Their batch.</param>
    /// <param name="images">Which; null for all.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public Task<IReadOnlyList<MovedImage>> CancelAsync(Guid batch, IReadOnlyCollection<Guid>? images, CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH gone AS (
            SELECT id, attempt_id FROM images
            WHERE batch_id = @batch AND state IN {ImageTransitions.Open}{(images is null ? "" : " AND id = ANY(@images)")} LIMIT {Chunk} FOR UPDATE),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'cancelled', not_before = NULL, finished_at = @now FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, gone.attempt_id AS ended, 'cancelled' AS outcome)
        """, time.GetUtcNow(), cancellationToken, images is null ? [new("batch", batch)] : [new("batch", batch), new("images", images)]);

    /// <summary>Gives up images that wait past their batch's deadline, at most <see cref="Chunk"/>. What is being drawn is finished.</summary>
    public Task<IReadOnlyList<MovedImage>> OverdueAsync(CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH gone AS (
            SELECT i.id FROM batches b JOIN images i ON i.batch_id = b.id AND i.state = 'queued'
            WHERE b.finished_at IS NULL AND b.deadline < @now LIMIT {Chunk} FOR UPDATE OF i SKIP LOCKED),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'failed', not_before = NULL, finished_at = @now, error = 'The deadline passed before it was drawn.'
            FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, NULL::uuid AS ended, NULL::text AS outcome)
        """, time.GetUtcNow(), cancellationToken);
}
