using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Workers;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Reads workers as the API shows them.</summary>
internal static class WorkerQueries
{
    /// <summary>The workers of <paramref name="workers"/>, live ones first, by id.</summary>
    public static async Task<List<WorkerResponse>> ToResponsesAsync(this IQueryable<Worker> workers, WorkerRegister register, CancellationToken cancellationToken)
    {
        var live = (await register.Live.Select(worker => worker.Id).ToListAsync(cancellationToken)).ToHashSet();
        return [.. (await workers.AsNoTracking().ToListAsync(cancellationToken))
            .Select(worker => ToResponse(worker, live.Contains(worker.Id)))
            .OrderByDescending(worker => worker.Live).ThenBy(worker => worker.Id, StringComparer.Ordinal)];
    }

    /// <summary>How a worker stands: what was decided about it goes before what it says itself.</summary>
    public static WorkerState StateOf(Worker worker, bool live) => worker switch
    {
        _ when !live => WorkerState.Lost,
        { Drained: true } or { SetAside: not null } => worker.InHand == 0 ? WorkerState.Paused : WorkerState.Draining,
        { Activity: WorkerActivity.Busy } => WorkerState.Busy,
        { Activity: WorkerActivity.Draining } => WorkerState.Draining,
        { Activity: WorkerActivity.Paused } => WorkerState.Paused,
        _ => WorkerState.Idle,
    };

    private static WorkerResponse ToResponse(Worker worker, bool live) => new()
    {
        Id = worker.Id,
        Host = worker.Host,
        Device = worker.Device,
        Version = worker.Version,
        Models = worker.Models,
        Adapters = worker.Adapters,
        Faults = worker.Faults,
        Loading = worker.Loading,
        LastSeenAt = worker.LastSeenAt,
        Live = live,
        State = StateOf(worker, live),
        Memory = worker.Memory,
        UsedMemory = worker.UsedMemory,
        Throughput = worker.Throughput,
        InHand = worker.InHand,
        GroupSize = worker.GroupSize,
        CanHold = worker.CanHold,
        Drained = worker.Drained,
        FailuresInARow = worker.FailuresInARow,
        SetAside = worker.SetAside,
    };
}
