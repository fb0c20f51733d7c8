using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>How far attempts are; no transition, and nothing depends on it.</summary>
public sealed class ImageProgress(FarmDb db)
{
    /// <summary>Notes steps and previews of attempts that still count. Late news is dropped.</summary>
    public Task<int> ReportAsync(IReadOnlyList<ImageProgressed> progressed, CancellationToken cancellationToken) => db.Database.ExecuteSqlRawAsync("""
        UPDATE images i SET step = n.step, steps = greatest(n.steps, 1), sequence = n.sequence, preview = n.preview
        FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unsynced, unnest(@images, @attempts, @sequences, @done, @all, @previews) AS n(image_id, attempt_id, sequence, step, steps, preview)
        WHERE i.id = n.image_id AND i.attempt_id = n.attempt_id AND (i.state = 'rendering') IS TRUE AND i.sequence < n.sequence
        """,
        [
            new NpgsqlParameter("images", progressed.Select(image => image.ImageId).ToArray()),
            new NpgsqlParameter("attempts", progressed.Select(image => image.AttemptId).ToArray()),
            new NpgsqlParameter("sequences", progressed.Select(image => image.Sequence).ToArray()),
            new NpgsqlParameter("done", progressed.Select(image => image.Step).ToArray()),
            new NpgsqlParameter("all", progressed.Select(image => image.Steps).ToArray()), // greatest above: progress is a share of them
            new NpgsqlParameter("previews", NpgsqlDbType.Array | NpgsqlDbType.Bytea) { Value = progressed.Select(image => image.Preview).ToArray() },
        ], cancellationToken);
}
