using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Workers;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>/v1/workers: who renders.</summary>
internal static class WorkersApi
{
    public static void MapWorkers(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/workers", List).WithName("ListWorkers").WithTags("Workers").WithSummary("Workers as they last reported, live ones first")
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
            })
            .OrderByDescending(worker => worker.Live).ThenBy(worker => worker.Id, StringComparer.Ordinal).ToList());
    }
}
