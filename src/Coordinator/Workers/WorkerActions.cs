using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>What people do to workers. It stands in the worker's row before the worker is told, so that dispatchers heed it at once and a command
/// that is lost is sent again with the next beat that shows it, whichever coordinator takes that in.</summary>
public sealed class WorkerActions(FarmDb db, WorkerRegister register, WorkerCommands commands, Fleet fleet, DispatchSignal dispatch)
{
    /// <summary>It gets nothing new until <see cref="ResumeAsync"/>. False: there is no such worker.</summary>
    /// <param name="id">The worker.</param>
    /// <param name="now">Whether it hands back what it has in hand, too.</param>
    /// <param name="cancellationToken">Cancelled: perhaps it is not told yet.</param>
    public async Task<bool> DrainAsync(string id, bool now, CancellationToken cancellationToken)
    {
        var found = await db.Workers.Where(worker => worker.Id == id)
            .ExecuteUpdateAsync(worker => worker.SetProperty(w => w.Drained, true).SetProperty(w => w.DrainedNow, now), cancellationToken);
        return await ChangedAsync(found, new UntoldWorker(id, true, now), cancellationToken);
    }

    /// <summary>It takes work again, also where failures had set it aside. False: there is no such worker.</summary>
    public async Task<bool> ResumeAsync(string id, CancellationToken cancellationToken)
    {
        var found = await db.Workers.Where(worker => worker.Id == id).ExecuteUpdateAsync(
            worker => worker.SetProperty(w => w.Drained, false).SetProperty(w => w.DrainedNow, false).SetProperty(w => w.SetAside, (string?)null).SetProperty(w => w.FailuresInARow, 0),
            cancellationToken);
        return await ChangedAsync(found, new UntoldWorker(id, false, false), cancellationToken);
    }

    /// <summary>It was set aside: it is told at once, since it may fail at many images until its next beat.</summary>
    public Task SetAsideAsync(string id, CancellationToken cancellationToken) => ChangedAsync(1, new UntoldWorker(id, true, false), cancellationToken);

    /// <summary>Forgets a worker that is lost. False: it lives, or there is none.</summary>
    public async Task<bool> ForgetAsync(string id, CancellationToken cancellationToken)
    {
        var live = register.Live.Select(worker => worker.Id);
        return await db.Workers.Where(worker => worker.Id == id && !live.Contains(worker.Id)).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    /// <summary>Tells workers what they do not seem to know.</summary>
    public Task TellAsync(IEnumerable<UntoldWorker> workers, CancellationToken cancellationToken) => Task.WhenAll(workers.Select(worker => worker.Drain
        ? commands.TrySendAsync(worker.Id, new DrainWorker { Now = worker.Now }, cancellationToken)
        : commands.TrySendAsync(worker.Id, new ResumeWorker(), cancellationToken)));

    private async Task<bool> ChangedAsync(int found, UntoldWorker worker, CancellationToken cancellationToken)
    {
        if (found == 0)
        {
            return false;
        }

        fleet.Changed();
        await TellAsync([worker], cancellationToken);
        dispatch.Wake();
        return true;
    }
}
