using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>Tells in /openapi/v1.json how a key is sent, which operations need one, and with what they refuse.</summary>
internal static class AccessOpenApi
{
    private static readonly (string Status, string Description)[] Refusals =
    [
        ("401", "A key is needed, or the one that came is not valid."),
        ("403", "The key lacks a scope, or its owner's limits never allow this."),
        ("429", "One of the owner's limits is reached; Retry-After says when to try again."),
    ];

    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[KeyAuthentication.SchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of the farm; none is needed where it listens on loopback alone.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any())
            {
                return Task.CompletedTask;
            }

            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyAuthentication.SchemeName, context.Document)] = [] }];
            operation.Responses ??= [];
            foreach (var (status, description) in Refusals)
            {
                operation.Responses.TryAdd(status, new OpenApiResponse
                {
                    Description = description,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemDetails), context.Document) },
                    },
                });
            }

            return Task.CompletedTask;
        });
    }
}
