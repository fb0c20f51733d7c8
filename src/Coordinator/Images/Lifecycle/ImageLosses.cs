using Microsoft.Extensions.Options;
using Npgsql;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Attempts that will not be heard of; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageLosses(ImageTransitions transitions, TimeProvider time, IOptions<ImageOptions> options)
{
    /// <summary>The commands of these attempts were not published: the images wait again.</summary>
    public Task<IReadOnlyList<MovedImage>> UnpublishedAsync(IReadOnlyCollection<Guid> images, IReadOnlyCollection<Guid> attempts, CancellationToken cancellationToken) =>
        UnclaimedAsync("i.id = ANY(@images) AND i.attempt_id = ANY(@attempts)", "The command could not be published.", cancellationToken, new("images", images), new("attempts", attempts));

    /// <summary>Nobody claimed these in time: the broker lost their commands.</summary>
    public Task<IReadOnlyList<MovedImage>> ExpireAsync(CancellationToken cancellationToken) =>
        UnclaimedAsync("i.lease_until < @now", "No worker claimed the image in time.", cancellationToken);

    /// <summary>The one worker that these were for takes no work any more.</summary>
    public Task<IReadOnlyList<MovedImage>> AbandonAsync(DateTimeOffset silentSince, CancellationToken cancellationToken) => UnclaimedAsync("""
        i.worker_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM workers w WHERE w.id = i.worker_id AND w.last_seen_at >= @silent AND NOT w.leaving
                AND NOT w.drained AND w.set_aside IS NULL AND w.activity NOT IN ('draining', 'paused'))
        """, "The worker that it was for takes no more work.", cancellationToken, new NpgsqlParameter("silent", silentSince));

    /// <summary>Gives up all that is not claimed, for a dispatcher that cannot know what the one before it published: what was, is refused to who claims it.</summary>
    public Task<IReadOnlyList<MovedImage>> SupersedeAsync(CancellationToken cancellationToken) =>
        UnclaimedAsync("true", "Another coordinator dispatches now.", cancellationToken);

    /// <summary>Gives up what workers had that were not heard of since a time. The image may be what killed them, so that is a failure. What one has that left
    /// in order it has reported the end of, which may come after its goodbye.</summary>
    public Task<IReadOnlyList<MovedImage>> LoseAsync(DateTimeOffset silentSince, CancellationToken cancellationToken) => LoseAsync(
        // one that nobody knows was forgotten, or a restored database is older than it: it registers again within half a minute
        """
        i.started_at < @silent AND NOT EXISTS (SELECT FROM workers w WHERE w.id = i.worker_id AND w.last_seen_at >= @silent)
            AND (i.started_at < @silent - interval '30 seconds' OR EXISTS (SELECT FROM workers w WHERE w.id = i.worker_id))
        """,
        "'Worker ' || i.worker_id || ' was lost while drawing it.'", options.Value.RetryDelay, cancellationToken, new NpgsqlParameter("silent", silentSince));

    /// <summary>Gives up what workers were granted before their processes began: others of the same name were killed, and came back before they were missed.
    /// The image may be what killed them, so that is a failure.</summary>
    /// <param name="workers">Workers that were just heard of, each with how long its process runs.</param>
    /// <param name="inHand">All attempts that they named.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public Task<IReadOnlyList<MovedImage>> OutliveAsync(
        IReadOnlyCollection<(string Id, TimeSpan Age)> workers, IReadOnlyCollection<Guid> inHand, CancellationToken cancellationToken) => LoseAsync(
        "i.attempt_id <> ALL(@held) AND EXISTS (SELECT FROM unnest(@workers, @ages) AS w(id, age) WHERE w.id = i.worker_id AND i.started_at < @now - w.age)",
        "'Worker ' || i.worker_id || ' ended while drawing it, and began anew.'", options.Value.RetryDelay, cancellationToken,
        new("held", inHand), new("workers", workers.Select(worker => worker.Id).ToArray()), new("ages", workers.Select(worker => worker.Age).ToArray()));

    /// <summary>Takes back what was published a while ago for workers that have had nothing to do all the time since: the broker lost it, or a worker that has
    /// no room for it holds it.</summary>
    /// <param name="idle">Workers that were just heard of.</param>
    /// <param name="publishedBefore">Since when they have had nothing to do, at least (UTC).</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public Task<IReadOnlyList<MovedImage>> StrayedAsync(IReadOnlyCollection<string> idle, DateTimeOffset publishedBefore, CancellationToken cancellationToken) => UnclaimedAsync("""
        i.dispatched_at < @before AND EXISTS (
            SELECT FROM workers w JOIN recipes r ON r.model = ANY(w.models)
            WHERE w.id = ANY(@idle) AND r.id = i.recipe_id AND (i.worker_id IS NULL OR i.worker_id = w.id))
        """, "The image did not reach a worker that waited for it.", cancellationToken, new("idle", idle), new("before", publishedBefore));

    /// <summary>Takes back what was sent to workers by name before they listened: it was lost with the queue they had before.</summary>
    /// <param name="workers">Workers that were just heard of, each with how long it listens.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public Task<IReadOnlyList<MovedImage>> UnheardAsync(IReadOnlyCollection<(string Id, TimeSpan ListensFor)> workers, CancellationToken cancellationToken) => UnclaimedAsync(
        "EXISTS (SELECT FROM unnest(@workers, @times) AS w(id, time) WHERE w.id = i.worker_id AND i.dispatched_at < @now - w.time)",
        "The worker's queue was lost with its connection.", cancellationToken,
        new("workers", workers.Select(worker => worker.Id).ToArray()), new("times", workers.Select(worker => worker.ListensFor).ToArray()));

    /// <summary>Puts back what workers were granted long ago and no longer name as theirs: the grant did not reach them. No failure.</summary>
    /// <param name="workers">Workers that were just heard of.</param>
    /// <param name="inHand">All attempts that they named.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    public Task<IReadOnlyList<MovedImage>> ForgetAsync(IReadOnlyCollection<string> workers, IReadOnlyCollection<Guid> inHand, CancellationToken cancellationToken) => transitions.RunAsync($"""
        WITH gone AS (
            SELECT id, attempt_id FROM images
            WHERE state = 'rendering' AND worker_id = ANY(@workers) AND started_at < @granted AND attempt_id <> ALL(@held) FOR UPDATE SKIP LOCKED),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'queued', error = 'The worker forgot it.' FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, gone.attempt_id AS ended, 'lost' AS outcome)
        """, time.GetUtcNow(), cancellationToken,
        new("workers", workers), new("held", inHand), new("granted", time.GetUtcNow() - options.Value.ForgottenAfter));

    /// <summary>Gives up everything under way, for a transport that forgot its messages with the process. What was being drawn may be what killed it, so
    /// that counts as a failure; all of it that is left waits again at once.</summary>
    public async Task<int> RestartAsync(CancellationToken cancellationToken) =>
        (await UnclaimedAsync("true", "The farm was restarted.", cancellationToken)).Count
        + (await LoseAsync("true", "'The farm was restarted while drawing it.'", TimeSpan.Zero, cancellationToken)).Count;

    /// <summary>Puts everything under way back, for a bus and workers that were shut down with the process.</summary>
    public async Task<int> StopAsync(CancellationToken cancellationToken) => (await transitions.RunAsync($"""
        WITH gone AS (SELECT id, attempt_id FROM images WHERE state IN ('dispatched', 'rendering') FOR UPDATE),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'queued' FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, gone.attempt_id AS ended, 'returned' AS outcome)
        """, time.GetUtcNow(), cancellationToken)).Count;

    private Task<IReadOnlyList<MovedImage>> UnclaimedAsync(string which, string reason, CancellationToken cancellationToken, params IEnumerable<NpgsqlParameter> parameters) => transitions.RunAsync($"""
        WITH gone AS (SELECT id, attempt_id FROM images i WHERE i.state = 'dispatched' AND {which} FOR UPDATE SKIP LOCKED),
        moved AS (
            UPDATE images i SET {ImageTransitions.Leave}, state = 'queued', error = @reason FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, gone.attempt_id AS ended, 'lost' AS outcome)
        """, time.GetUtcNow(), cancellationToken, [.. parameters, new NpgsqlParameter("reason", reason)]);

    private Task<IReadOnlyList<MovedImage>> LoseAsync(
        string which, string reason, TimeSpan delay, CancellationToken cancellationToken, params IEnumerable<NpgsqlParameter> parameters) => transitions.RunAsync($"""
        WITH gone AS (
            SELECT id, attempt_id, failures + 1 < @most AND losses + 1 < @mostlosses AS again
            FROM images i WHERE i.state = 'rendering' AND {which} ORDER BY i.started_at LIMIT 10000 FOR UPDATE SKIP LOCKED),
        moved AS (
            UPDATE images i SET
                {ImageTransitions.Leave}, failures = i.failures + 1, losses = i.losses + 1, error = {reason},
                state = CASE WHEN gone.again THEN 'queued' ELSE 'failed' END,
                not_before = CASE WHEN gone.again AND @delay > interval '0' THEN {ImageEnds.Again} END,
                finished_at = CASE WHEN gone.again THEN NULL ELSE @now END
            FROM gone WHERE i.id = gone.id
            RETURNING {ImageTransitions.Moved}, gone.attempt_id AS ended, 'lost' AS outcome)
        """, time.GetUtcNow(), cancellationToken, [.. parameters,
            new NpgsqlParameter("most", options.Value.MaxAttempts), new NpgsqlParameter("mostlosses", options.Value.MaxLosses),
            new NpgsqlParameter("delay", delay), new NpgsqlParameter("longest", ImageEnds.LongestDelay)]);
}
