using Npgsql;

namespace StableDiffusion.Farm.Trials;

/// <summary>What a trial's database says, whatever its coordinators do.</summary>
internal static class TrialImages
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Images that are not at their ends; null while the database is away.</summary>
    public static async Task<int?> TryCountOpenAsync(this TrialFarm farm, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = farm.Database.CreateCommand("SELECT count(*)::int FROM images WHERE state IN ('queued', 'dispatched', 'rendering')");
            return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    /// <summary>Waits until every image is at its end; how many are not when the time is over, null where the database does not say.</summary>
    public static async Task<int?> WaitForEndAsync(this TrialFarm farm, TimeSpan longest, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        int? open;
        while ((open = await farm.TryCountOpenAsync(cancellationToken)) != 0 && TimeProvider.System.GetElapsedTime(start) < longest)
        {
            await Task.Delay(Pause, cancellationToken);
        }

        return open;
    }

    /// <summary>Those of the workers that run who have drawn nothing since a time.</summary>
    public static async Task<List<string>> IdleSinceAsync(this TrialFarm farm, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = farm.Database.CreateCommand("SELECT name FROM unnest($1) name WHERE NOT EXISTS (SELECT FROM images WHERE worker_id = name AND finished_at > $2)");
        command.Parameters.AddWithValue(farm.Workers.Select(worker => worker.Name).ToArray());
        command.Parameters.AddWithValue(since);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        List<string> idle = [];
        while (await rows.ReadAsync(cancellationToken))
        {
            idle.Add(rows.GetString(0));
        }

        return idle;
    }

    /// <summary>Those of some batches that the database does not know.</summary>
    public static async Task<List<Guid>> MissingAsync(this TrialFarm farm, IEnumerable<Guid> batches, CancellationToken cancellationToken)
    {
        await using var command = farm.Database.CreateCommand("SELECT wanted FROM unnest($1) wanted WHERE NOT EXISTS (SELECT FROM batches WHERE id = wanted)");
        command.Parameters.AddWithValue(batches.ToArray());
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> missing = [];
        while (await rows.ReadAsync(cancellationToken))
        {
            missing.Add(rows.GetGuid(0));
        }

        return missing;
    }
}
