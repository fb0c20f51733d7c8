using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>/v1/workers: who renders.</summary>
internal static class WorkersApi
{
    public static void MapWorkers(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/workers", List).WithName("ListWorkers").WithTags("Workers").RequireAuthorization(AccessPolicies.Farm).WithSummary("Workers as they last reported, live ones first")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<List<WorkerResponse>>> List(FarmDb db, WorkerRegister register, CancellationToken cancellationToken)
    {
        var live = (await register.Live.Select(worker => worker.Id).ToListAsync(cancellationToken)).ToHashSet();
        var workers = await db.Workers.AsNoTracking().ToListAsync(cancellationToken);
        return TypedResults.Ok(workers
            .Select(worker => new WorkerResponse
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
                Live = live.Contains(worker.Id),
                State = State(worker, live.Contains(worker.Id)),
                Memory = worker.Memory,
                UsedMemory = worker.UsedMemory,
                Throughput = worker.Throughput,
                InHand = worker.InHand,
                GroupSize = worker.GroupSize,
                CanHold = worker.CanHold,
                SetAside = worker.SetAside,
            })
            .OrderByDescending(worker => worker.Live).ThenBy(worker => worker.Id, StringComparer.Ordinal).ToList());
    }

    private static WorkerState State(Worker worker, bool live) => worker switch
    {
        _ when !live => WorkerState.Lost,
        { SetAside: not null } when worker.InHand == 0 => WorkerState.Paused,
        { Drained: true, InHand: 0 } => WorkerState.Paused,
        { Drained: true } or { SetAside: not null } => WorkerState.Draining,
        { Activity: WorkerActivity.Busy } => WorkerState.Busy,
        { Activity: WorkerActivity.Draining } => WorkerState.Draining,
        { Activity: WorkerActivity.Paused } => WorkerState.Paused,
        _ => WorkerState.Idle,
    };
}
