using Microsoft.AspNetCore.OpenApi;

namespace StableDiffusion.Coordinator;

/// <summary>The head of /openapi/v1.json; the rest comes from the endpoints and the contracts' doc comments.</summary>
internal static class FarmOpenApi
{
    public static void Describe(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "Stable Diffusion render farm";
        document.Info.Version = "v1";
        document.Info.Description = "Submit batches of prompts, watch them, fetch the pictures. Field names are A1111's; every error is application/problem+json whose errors names the fields to change.";
        return Task.CompletedTask;
    });
}
