using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Keeping;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Sweeps, one at a time over all coordinators, and what they found.</summary>
public sealed class Sweeps(FarmDb db, Sweep sweep)
{
    private const long LockKey = 0x7377_6565_7073_0000; // any number that is ours alone
    private const int Kept = 100;

    /// <summary>Sweeps now; null when another sweep is under way.</summary>
    public async Task<SweepReport?> RunAsync(CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            // not cancelled: it might be granted all the same, and stay with the connection
            if (!await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_lock({LockKey}) AS "Value" """).SingleAsync(CancellationToken.None))
            {
                return null;
            }

            try
            {
                var report = await sweep.RunAsync(cancellationToken);
                db.Sweeps.Add(new SweepRun { FinishedAt = report.FinishedAt, Report = report });
                await db.SaveChangesAsync(cancellationToken);
                await db.Database.ExecuteSqlAsync($"DELETE FROM sweeps WHERE id <= (SELECT max(id) FROM sweeps) - {Kept}", cancellationToken);
                return report;
            }
            finally
            {
                await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({LockKey})", CancellationToken.None);
            }
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>Sweeps when the last is long enough ago.</summary>
    public async Task<SweepReport?> RunIfDueAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        await db.Sweeps.AnyAsync(run => run.FinishedAt > before, cancellationToken) ? null : await RunAsync(cancellationToken);

    /// <summary>What the last ones found, newest first.</summary>
    public Task<List<SweepReport>> ListAsync(CancellationToken cancellationToken) =>
        db.Sweeps.OrderByDescending(run => run.Id).Select(run => run.Report).ToListAsync(cancellationToken);
}
