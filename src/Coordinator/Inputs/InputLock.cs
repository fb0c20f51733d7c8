using System.Data;
using Npgsql;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>Keeps the sweep's removal of an input and the arrival of a request that needs it apart: a lock of the database, shared among requests.</summary>
public sealed class InputLock(NpgsqlDataSource database)
{
    private const long Key = 0x696e_7075_7473_0000; // any number that is ours alone

    /// <summary>Waits for the turn, which lasts until the result is disposed.</summary>
    public async Task<IAsyncDisposable> TakeAsync(bool exclusive, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
            await using var command = new NpgsqlCommand($"SELECT pg_advisory_xact_lock{(exclusive ? "" : "_shared")}({Key})", connection, transaction);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection; // the transaction, and with it the lock, ends with it
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
