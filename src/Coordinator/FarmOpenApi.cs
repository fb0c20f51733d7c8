using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator;

/// <summary>The head of /openapi/v1.json, and what schemas alone do not say; the rest comes from the endpoints and the contracts'
/// doc comments.</summary>
internal static partial class FarmOpenApi
{
    private static readonly Type[] Closed =
    [
        typeof(BatchRequest), typeof(BatchRun), typeof(ImageFields), typeof(RerunRequest), typeof(ImageSelection),
        typeof(LoraUse), typeof(ControlNetUnit), typeof(OwnerRequest), typeof(KeyRequest), typeof(RegisterFileRequest),
        typeof(BatchChange), typeof(WorkerDrain), typeof(WebhookRequest), typeof(WebhookChange),
    ];

    public static void Describe(OpenApiOptions options)
    {
        AccessOpenApi.Describe(options);
        options.ShouldInclude = operation => operation.HttpMethod != HttpMethods.Head; // which says of each what GET says
        options.AddDocumentTransformer((document, context, _) =>
        {
            document.Info.Title = "Stable Diffusion render farm";
            document.Info.Version = "v1";
            document.Info.Description = "Submit batches of prompts, watch them, fetch the pictures. Field names are A1111's; every error is application/problem+json whose errors names the fields to change.";
            var schemas = document.Components!.Schemas!;
            BatchRequestSchema.Describe(document, context.ApplicationServices.GetRequiredService<IOptions<BatchesOptions>>().Value);
            foreach (var (path, item) in document.Paths)
            {
                foreach (var id in item.Operations!.Values.SelectMany(operation => operation.Parameters ?? []).Where(parameter => parameter.Name == "id"))
                {
                    id.Description = $"The {Named().Match(path).Groups["one"].Value}.";
                }
            }

            foreach (var described in schemas.Values.SelectMany(schema => (schema.Properties?.Values ?? []).Append(schema)).SelectMany(schema => (schema.OneOf ?? []).Append(schema)))
            {
                described.Description = described.Description is { } text ? Plain(text) : null;
            }

            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // a request's unknown fields are refused; an answer may have more than a client knows
            schema.AdditionalPropertiesAllowed = !Closed.Contains(context.JsonTypeInfo.Type);
            if (context.JsonTypeInfo.Type == typeof(ImageReference))
            {
                schema.OneOf = [new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }, new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }];
            }

            if (context.JsonTypeInfo.Type.IsAssignableTo(typeof(ProblemDetails)))
            {
                schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
                schema.Properties["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Finds the request in the logs." };
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Doc comments come with their line breaks and XML's escapes.</summary>
    private static string Plain(string comment) => WebUtility.HtmlDecode(Spaces().Replace(comment, " "));

    [GeneratedRegex("/(?:(?<one>batch)es|(?<one>[a-z]+)s)/\\{id}")]
    private static partial Regex Named();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
