using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace StableDiffusion.Coordinator.Migrations;

/// <summary>Brings the schema up to date before anything else of the host starts: waits for the database, then migrates
/// under a lock, so that of several coordinators one does it.</summary>
internal sealed partial class DatabaseStart(IServiceScopeFactory scopes, TimeProvider time, ILogger<DatabaseStart> logger) : IHostedLifecycleService
{
    private const long LockKey = 0x7365_6d61_6661_726d; // any number that is ours alone
    private const string FirstLayout = "20261121100719_Initial";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        await OpenAsync(db, cancellationToken);
        db.Database.SetCommandTimeout(0); // a migration of a large table takes its time, and other coordinators wait for it
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({LockKey})", cancellationToken);
        try
        {
            // else a new farm's first words would be errors: that the table, which is looked into below, is missing
            await db.GetService<IHistoryRepository>().CreateIfNotExistsAsync(cancellationToken);

            // before 22 November 2026 an image was a row with all its settings; those migrations are gone
            if ((await db.Database.GetAppliedMigrationsAsync(cancellationToken)).Contains(FirstLayout))
            {
                throw new InvalidOperationException(
                    "The database has the layout of a version that this one cannot take over. Name another database; the pictures stay where they are, since a sweep lets be "
                    + "what is older than its database. For ./farm up, move the folder .farm away. docs/operations.md has the steps for docker compose.");
            }

            await db.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({LockKey})", CancellationToken.None);
            await db.Database.CloseConnectionAsync();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task OpenAsync(FarmDb db, CancellationToken cancellationToken)
    {
        for (var giveUpAt = time.GetUtcNow() + Patience; ;)
        {
            try
            {
                await db.Database.OpenConnectionAsync(cancellationToken);
                return;
            }
            catch (Exception e) when (ReportRetries.IsDatabaseAway(e) && time.GetUtcNow() < giveUpAt)
            {
                LogWaiting((e.InnerException ?? e).Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the database: {Reason}")]
    private partial void LogWaiting(string reason);
}
