using Microsoft.AspNetCore.Http.HttpResults;
using StableDiffusion.Contracts.Scaling;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Scaling;

/// <summary>/v1/scaling: how many workers the farm could use.</summary>
internal static class ScalingApi
{
    public static void MapScaling(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/scaling", Get).WithName("GetScaling").WithTags("Workers").RequireAuthorization(AccessPolicies.Farm).WithSummary("Work that waits, in GPU-seconds")
            .WithDescription("By model and in all, from the time that images of the model took lately. Counted anew at most once a second; with a long backlog every few seconds.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<ScalingResponse>> Get(ScalingSignal signal, CancellationToken cancellationToken) => TypedResults.Ok(await signal.ReadAsync(cancellationToken));
}
