using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>/v1/workers: who renders, and who shall not.</summary>
internal static class WorkersApi
{
    public static void MapWorkers(this IEndpointRouteBuilder routes)
    {
        var workers = routes.MapGroup("/v1/workers").WithTags("Workers").RequireAuthorization(AccessPolicies.Farm).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        workers.MapGet("", List).WithName("ListWorkers").WithSummary("Workers as they last reported, live ones first");
        workers.MapGet("{id}", Get).WithName("GetWorker").WithSummary("One worker").ProducesProblem(StatusCodes.Status404NotFound);
        workers.MapDelete("{id}", Delete).WithName("ForgetWorker").WithSummary("Forget a worker that is lost")
            .WithDescription("One that comes back registers anew. 409 while it lives: drain it and stop its process first.")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        workers.MapPost("{id}/drain", Drain).WithName("DrainWorker").WithSummary("Give a worker nothing new")
            .WithDescription("It finishes what it has in hand, or hands it back between two steps when now is true, and is paused until it is told to resume. What it hands back others draw; that counts as no failure.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        workers.MapPost("{id}/resume", Resume).WithName("ResumeWorker").WithSummary("Let a worker take work again")
            .WithDescription("After a drain, and after failures that had set it aside.").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<List<WorkerResponse>>> List(FarmDb db, WorkerRegister register, CancellationToken cancellationToken) =>
        TypedResults.Ok(await db.Workers.ToResponsesAsync(register, cancellationToken));

    private static async Task<Results<Ok<WorkerResponse>, NotFound>> Get(string id, FarmDb db, WorkerRegister register, CancellationToken cancellationToken) =>
        await db.Workers.Where(worker => worker.Id == id).ToResponsesAsync(register, cancellationToken) is [var worker]
            ? TypedResults.Ok(worker)
            : TypedResults.NotFound();

    private static async Task<Results<Ok<WorkerResponse>, NotFound>> Drain(
        string id, WorkerDrain? drain, FarmDb db, WorkerRegister register, WorkerActions actions, CancellationToken cancellationToken) =>
        await actions.DrainAsync(id, drain?.Now ?? false, cancellationToken) ? await Get(id, db, register, CancellationToken.None) : TypedResults.NotFound();

    private static async Task<Results<Ok<WorkerResponse>, NotFound>> Resume(
        string id, FarmDb db, WorkerRegister register, WorkerActions actions, CancellationToken cancellationToken) =>
        await actions.ResumeAsync(id, cancellationToken) ? await Get(id, db, register, CancellationToken.None) : TypedResults.NotFound();

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> Delete(string id, FarmDb db, WorkerActions actions, CancellationToken cancellationToken)
    {
        if (await actions.ForgetAsync(id, cancellationToken))
        {
            return TypedResults.NoContent();
        }

        return await db.Workers.AnyAsync(worker => worker.Id == id, cancellationToken)
            ? TypedResults.Problem("It was heard of just now. Drain it and stop its process first.", statusCode: StatusCodes.Status409Conflict, title: "The worker lives")
            : TypedResults.NotFound();
    }
}
