using MassTransit;
using Npgsql;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>
/// Who of several coordinators dispatches: the one whose connection holds an advisory lock of the database. The lock goes with the
/// connection, so one that dies is followed at once, and one that is cut off stops leading. The database ends the connection of one that says nothing: its
/// machine has lost its power, or it is frozen. One that is cut off from the broker gives the lock up, and nobody takes it without a broker.
/// </summary>
public sealed class Leadership(NpgsqlDataSource database, IBusControl bus, DispatchSignal signal, TimeProvider time)
{
    private const long LockKey = 0x6469_7370_6174_6368; // any number that is ours alone
    private const string Channel = "farm_dispatch";
    private const string LongestSilence = "10s";
    private static readonly TimeSpan SpeakEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TryEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWithoutBroker = TimeSpan.FromSeconds(5);

    // one that lost its connection is degraded, not unhealthy
    private bool HasBroker => bus.CheckHealth().Status == BusHealthStatus.Healthy;

    /// <summary>Waits to lead, passing wakes on to who does, then runs <paramref name="lead"/> until it throws, or database or broker are lost; it has ended when this
    /// returns.</summary>
    public async Task LeadAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        while (!HasBroker || !await IsFirstAsync(connection, cancellationToken))
        {
            if (await signal.WaitAsync(TryEvery, time, cancellationToken))
            {
                await ExecuteAsync(connection, $"NOTIFY {Channel}", cancellationToken);
            }
        }

        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        connection.Notification += (_, _) => signal.Wake();
        await ExecuteAsync(connection, $"LISTEN {Channel}; SET idle_session_timeout = '{LongestSilence}'", cancellationToken);
        var listening = ListenAsync(connection, leading.Token);
        var work = lead(leading.Token);
        try
        {
            await await Task.WhenAny(work, listening);
        }
        finally
        {
            await leading.CancelAsync();
            await Task.WhenAll(work, listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await UnlockAsync(connection);
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        for (long spoke = time.GetTimestamp(), had = spoke; ;)
        {
            await connection.WaitAsync(SpeakEvery, cancellationToken);
            had = HasBroker ? time.GetTimestamp() : had;
            if (time.GetElapsedTime(had) >= LongestWithoutBroker)
            {
                throw new TimeoutException($"The broker has been away for {LongestWithoutBroker.TotalSeconds} s; whichever coordinator has one dispatches.");
            }

            if (time.GetElapsedTime(spoke) >= SpeakEvery)
            {
                await ExecuteAsync(connection, "SELECT 1", cancellationToken);
                spoke = time.GetTimestamp();
            }
        }
    }

    private static async Task<bool> IsFirstAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    // the connection goes back to a pool, whose reset (DISCARD ALL) may come late; a lost one has let go already
    private static async Task UnlockAsync(NpgsqlConnection connection)
    {
        try
        {
            await ExecuteAsync(connection, "SELECT pg_advisory_unlock_all(); UNLISTEN *; RESET idle_session_timeout", CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // gone
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
