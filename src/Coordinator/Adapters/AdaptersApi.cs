using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Adapters;

/// <summary>/v1/adapters: the LoRAs, embeddings, VAEs and ControlNets that requests may name.</summary>
internal static class AdaptersApi
{
    private static readonly Dictionary<string, AdapterKind> Kinds = Enum.GetValues<AdapterKind>().ToDictionary(StateNames<AdapterKind>.Name);

    public static void MapAdapters(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/adapters", List).WithName("ListAdapters").WithTags("Models").RequireAuthorization(AccessPolicies.Farm).WithSummary("LoRAs, embeddings, VAEs and ControlNets the farm knows")
            .WithDescription("Those that workers ever reported; images that need one which no live worker holds wait for one.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<List<AdapterResponse>>, ValidationProblem>> List(
        AdapterCatalog adapters, [Description("lora, embedding, vae or controlnet; all when left out.")] string? kind, CancellationToken cancellationToken)
    {
        AdapterKind? wanted = null;
        if (kind is not null)
        {
            if (!Kinds.TryGetValue(kind, out var known))
            {
                return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["kind"] = [$"There is no such kind: give one of {string.Join(", ", Kinds.Keys)}."] });
            }

            wanted = known;
        }

        return TypedResults.Ok(await adapters.ListAsync(wanted, cancellationToken));
    }
}
