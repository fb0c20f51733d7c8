using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator;

/// <summary>The head of /openapi/v1.json, and what schemas alone do not say; the rest comes from the endpoints and the contracts'
/// doc comments.</summary>
internal static class FarmOpenApi
{
    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Stable Diffusion render farm";
            document.Info.Version = "v1";
            document.Info.Description = "Submit batches of prompts, watch them, fetch the pictures. Field names are A1111's; every error is application/problem+json whose errors names the fields to change.";
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // a request's unknown fields are refused; an answer may have more than a client knows
            schema.AdditionalPropertiesAllowed = !(context.JsonTypeInfo.Type == typeof(BatchRequest) || context.JsonTypeInfo.Type == typeof(LoraUse) || context.JsonTypeInfo.Type == typeof(ControlNetUnit));
            if (context.JsonTypeInfo.Type.IsAssignableTo(typeof(ProblemDetails)))
            {
                schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
                schema.Properties["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Finds the request in the logs." };
            }

            return Task.CompletedTask;
        });
    }
}
