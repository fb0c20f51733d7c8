using System.Linq.Expressions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>/v1/owners/{id}/keys and /v1/keys: what owners show.</summary>
internal static class KeysApi
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1").WithTags("Owners").RequireAuthorization(AccessPolicies.Admin).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        keys.MapGet("owners/{id:int}/keys", List).WithName("ListKeys").WithSummary("An owner's keys, without what is secret of them")
            .ProducesProblem(StatusCodes.Status404NotFound);
        keys.MapPost("owners/{id:int}/keys", Add).WithName("AddKey").WithSummary("Make a key").WithDescription("The answer is the only place where the key is ever shown.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        keys.MapDelete("keys/{id:guid}", Revoke).WithName("RevokeKey").WithSummary("End a key, at once and for good").ProducesProblem(StatusCodes.Status404NotFound);
    }

    public static Expression<Func<ApiKey, KeyResponse>> Response { get; } = key => new KeyResponse
    {
        Id = key.Id,
        OwnerId = key.OwnerId,
        Name = key.Name,
        Prefix = key.Prefix,
        Scopes = key.Scopes,
        CreatedAt = key.CreatedAt,
        LastUsedAt = key.LastUsedAt,
        ExpiresAt = key.ExpiresAt,
        RevokedAt = key.RevokedAt,
    };

    private static async Task<Results<Ok<List<KeyResponse>>, NotFound>> List(int id, FarmDb db, CancellationToken cancellationToken) =>
        await db.Owners.AnyAsync(owner => owner.Id == id, cancellationToken)
            ? TypedResults.Ok(await db.ApiKeys.Where(key => key.OwnerId == id).OrderBy(key => key.Id).Select(Response).ToListAsync(cancellationToken))
            : TypedResults.NotFound();

    private static async Task<Results<Created<NewKeyResponse>, NotFound, ValidationProblem>> Add(
        int id, KeyRequest request, FarmDb db, ApiKeys keys, TimeProvider time, HttpResponse response, CancellationToken cancellationToken)
    {
        var scopes = request.Scopes ?? [Scopes.Read, Scopes.Write];
        var errors = new RequestErrors();
        OwnerFields.CheckName(request.Name, errors);
        if (scopes.Count == 0 || scopes.Except(Scopes.All).Any())
        {
            errors.Add("scopes", $"Give some of {string.Join(", ", Scopes.All)}.");
        }

        if (request.ExpiresAt <= time.GetUtcNow())
        {
            errors.Add("expires_at", "It has passed: give a time to come, or leave it out.");
        }

        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was stored; errors names each field that needs a change.");
        }

        if (!await db.Owners.AnyAsync(owner => owner.Id == id, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        var text = KeyText.New();
        var key = keys.Add(text, id, request.Name!, [.. scopes.Distinct()], request.ExpiresAt);
        await db.SaveChangesAsync(cancellationToken);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created((string?)null, new NewKeyResponse
        {
            Id = key.Id,
            OwnerId = id,
            Name = key.Name,
            Prefix = key.Prefix,
            Scopes = key.Scopes,
            CreatedAt = key.CreatedAt,
            ExpiresAt = key.ExpiresAt,
            Key = text,
        });
    }

    private static async Task<Results<NoContent, NotFound>> Revoke(Guid id, ApiKeys keys, CancellationToken cancellationToken) =>
        await keys.RevokeAsync(id, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound();
}
