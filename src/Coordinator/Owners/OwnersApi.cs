using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Owners;

/// <summary>/v1/owners: whom batches belong to, and what they may.</summary>
internal static class OwnersApi
{
    public static void MapOwners(this IEndpointRouteBuilder routes)
    {
        var owners = routes.MapGroup("/v1/owners").WithTags("Owners").RequireAuthorization(AccessPolicies.Admin).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        owners.MapGet("", List).WithName("ListOwners").WithSummary("All owners");
        owners.MapPost("", Add).WithName("AddOwner").WithSummary("Add an owner").ProducesProblem(StatusCodes.Status409Conflict);
        owners.MapGet("{id:int}", Get).WithName("GetOwner").WithSummary("One owner").ProducesProblem(StatusCodes.Status404NotFound);
        owners.MapPatch("{id:int}", Change).WithName("ChangeOwner").WithSummary("Rename an owner, change its weight or its limits")
            .WithDescription("What is left out stays as it is; null takes a limit away.")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        owners.MapDelete("{id:int}", Remove).WithName("RemoveOwner").WithSummary("Remove an owner and its keys").WithDescription("409 while it has batches.")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    public static OwnerResponse ToResponse(this Owner owner) => new()
    {
        Id = owner.Id,
        Name = owner.Name,
        Weight = owner.Weight,
        MaxWaiting = owner.MaxWaiting,
        MaxImagesPerDay = owner.MaxImagesPerDay,
        MaxPriority = owner.MaxPriority,
        MaxRequestsPerMinute = owner.MaxRequestsPerMinute,
    };

    private static async Task<Ok<List<OwnerResponse>>> List(FarmDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.Owners.AsNoTracking().OrderBy(owner => owner.Id).ToListAsync(cancellationToken)).ConvertAll(ToResponse));

    private static async Task<Results<Ok<OwnerResponse>, NotFound>> Get(int id, FarmDb db, CancellationToken cancellationToken) =>
        await db.Owners.AsNoTracking().SingleOrDefaultAsync(owner => owner.Id == id, cancellationToken) is { } owner
            ? TypedResults.Ok(owner.ToResponse())
            : TypedResults.NotFound();

    private static async Task<Results<Created<OwnerResponse>, ValidationProblem, ProblemHttpResult>> Add(OwnerRequest request, FarmDb db, CancellationToken cancellationToken)
    {
        var errors = OwnerFields.Check(request, isNew: true);
        if (!errors.IsEmpty)
        {
            return Refused(errors);
        }

        var owner = new Owner { Name = request.Name! };
        OwnerFields.Set(owner, request);
        db.Owners.Add(owner);
        return await SaveAsync(db, cancellationToken) ? TypedResults.Created($"/v1/owners/{owner.Id}", owner.ToResponse()) : Taken(request);
    }

    private static async Task<Results<Ok<OwnerResponse>, NotFound, ValidationProblem, ProblemHttpResult>> Change(
        int id, OwnerRequest request, FarmDb db, CancellationToken cancellationToken)
    {
        var errors = OwnerFields.Check(request, isNew: false);
        if (!errors.IsEmpty)
        {
            return Refused(errors);
        }

        if (await db.Owners.SingleOrDefaultAsync(owner => owner.Id == id, cancellationToken) is not { } owner)
        {
            return TypedResults.NotFound();
        }

        OwnerFields.Set(owner, request);
        return await SaveAsync(db, cancellationToken) ? TypedResults.Ok(owner.ToResponse()) : Taken(request);
    }

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> Remove(int id, FarmDb db, CancellationToken cancellationToken)
    {
        if (id == Owner.Default)
        {
            return Kept("The default owner stays: the admin key and batches without a key belong to it.");
        }

        try
        {
            return await db.Owners.Where(owner => owner.Id == id).ExecuteDeleteAsync(cancellationToken) == 1 ? TypedResults.NoContent() : TypedResults.NotFound();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Kept("The owner has batches: delete these first, or revoke the owner's keys.");
        }
    }

    private static ValidationProblem Refused(RequestErrors errors) =>
        TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was stored; errors names each field that needs a change.");

    private static ProblemHttpResult Kept(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);

    private static ProblemHttpResult Taken(OwnerRequest request) => Kept($"There is an owner \"{request.Name}\" already.");

    private static async Task<bool> SaveAsync(FarmDb db, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return false;
        }
    }
}
