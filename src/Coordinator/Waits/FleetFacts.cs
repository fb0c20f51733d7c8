using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>Live workers, as far as images wait for them.</summary>
/// <param name="Workers">All that live.</param>
/// <param name="Taking">Ids of those that take work.</param>
public sealed record FleetFacts(IReadOnlyList<WorkerFacts> Workers, IReadOnlySet<string> Taking)
{
    /// <summary>Reads them.</summary>
    public static async Task<FleetFacts> ReadAsync(WorkerRegister register, CancellationToken cancellationToken) => new(
        await register.Live.OrderBy(worker => worker.Id)
            .Select(worker => new WorkerFacts(worker.Id, worker.Models, worker.CanHold, worker.Loading, worker.Drained, worker.SetAside, worker.Faults)).ToListAsync(cancellationToken),
        (await register.Taking.Select(worker => worker.Id).ToListAsync(cancellationToken)).ToHashSet());
}

/// <summary>A live worker.</summary>
public sealed record WorkerFacts(
    string Id, IReadOnlyList<string> Models, IReadOnlyList<string> CanHold, bool Loading, bool Drained, string? SetAside, IReadOnlyList<ModelFault> Faults);
