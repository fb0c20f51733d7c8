using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Owners.Keys;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Owners;

/// <summary>/v1/me: as whom one comes.</summary>
internal static class MeApi
{
    public static void MapMe(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/me", Get).WithName("GetMe").WithTags("Owners").WithSummary("As whom this request comes, what it may do, and how much of the limits is used")
            .RequireAuthorization(AccessPolicies.AnyKey).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<MeResponse>> Get(FarmDb db, CurrentOwner current, Quotas quotas, CancellationToken cancellationToken)
    {
        var owner = await db.Owners.AsNoTracking().SingleAsync(owner => owner.Id == current.Id, cancellationToken);
        return TypedResults.Ok(new MeResponse
        {
            Owner = owner.ToResponse(),
            Key = await db.ApiKeys.Where(key => key.Id == current.KeyId).Select(KeysApi.Response).SingleOrDefaultAsync(cancellationToken),
            Scopes = current.Scopes,
            Waiting = await quotas.WaitingAsync(owner.Id, cancellationToken),
            ImagesToday = owner.MaxImagesPerDay is null ? null : await quotas.TodayAsync(owner.Id, cancellationToken),
        });
    }
}
