using Npgsql;

namespace StableDiffusion.Coordinator.Clocks;

/// <summary>
/// The farm's time: the machine's, set by the database's. What one coordinator writes down, when a worker was heard of or an image may be tried
/// again, another judges, on a machine whose clock may be apart by more than a lease.
/// </summary>
/// <param name="machine">The machine's.</param>
public sealed class FarmClock(TimeProvider machine) : TimeProvider
{
    private long ahead;

    /// <summary>By how much it is ahead of the machine's.</summary>
    public TimeSpan Ahead => new(Volatile.Read(ref ahead));

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => machine.GetUtcNow() + Ahead;

    /// <summary>Sets it, where it is apart from the database's by more than the asking may be wrong about.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> SetAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var asked = machine.GetUtcNow();
        var there = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
        var took = machine.GetUtcNow() - asked;
        var found = there - (asked + (took / 2));
        if ((found - Ahead).Duration() <= took)
        {
            return false;
        }

        Volatile.Write(ref ahead, found.Ticks);
        return true;
    }
}
