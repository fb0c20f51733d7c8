using Microsoft.AspNetCore.Http.HttpResults;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Models;

/// <summary>/v1/models: what requests may name.</summary>
internal static class ModelsApi
{
    public static void MapModels(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/models", List).WithName("ListModels").WithTags("Models").RequireAuthorization(AccessPolicies.Farm).WithSummary("Models the farm knows")
            .WithDescription("Those that workers ever reported; images of a model that no live worker holds wait for one.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<List<ModelResponse>>> List(ModelCatalog models, CancellationToken cancellationToken) =>
        TypedResults.Ok(await models.ListAsync(cancellationToken));
}
