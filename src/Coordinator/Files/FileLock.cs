using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Files;

/// <summary>
/// One at a time over all coordinators, for what takes longer than a transaction should: a lock of the database's session, which goes with the connection when
/// the process dies. Until it is disposed the <see cref="FarmDb"/> keeps its connection. Taking it is not cancelled: the lock might be granted all the same, and
/// stay with a connection that goes back to its pool.
/// </summary>
internal sealed class FileLock : IAsyncDisposable
{
    private readonly FarmDb db;
    private readonly string what;

    private FileLock(FarmDb db, string what) => (this.db, this.what) = (db, what);

    /// <summary>The turn to change one file; null while another has it.</summary>
    public static async Task<FileLock?> TryTakeAsync(FarmDb db, FileKind kind, string name, CancellationToken cancellationToken)
    {
        var what = $"files/{StateNames<FileKind>.Name(kind)}/{name}";
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            if (await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_lock(hashtextextended({what}, 0)) AS "Value" """).SingleAsync(CancellationToken.None))
            {
                return new FileLock(db, what);
            }
        }
        catch
        {
            await db.Database.CloseConnectionAsync();
            throw;
        }

        await db.Database.CloseConnectionAsync();
        return null;
    }

    /// <summary>The turn to write the index; waits for it.</summary>
    public static async Task<FileLock> TakeIndexAsync(FarmDb db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock(hashtextextended({FileIndex.Key}, 0))", CancellationToken.None);
            return new FileLock(db, FileIndex.Key);
        }
        catch
        {
            await db.Database.CloseConnectionAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock(hashtextextended({what}, 0))", CancellationToken.None);
        }
        catch (Exception e) when (ReportRetries.IsDatabaseAway(e))
        {
            // the lock went with the connection
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }
}
