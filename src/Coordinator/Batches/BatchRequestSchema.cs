using Microsoft.OpenApi;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Sampling;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What OpenAPI says of a <see cref="BatchRequest"/> beyond its type's attributes: limits that are settings, and names that are
/// tables. Defaults stand in the descriptions alone: clients made from a schema send its defaults, and fields that say nothing are refused.</summary>
internal static class BatchRequestSchema
{
    /// <summary>Describes the three schemas, each of which has the fields of the one before.</summary>
    public static void Describe(OpenApiDocument document, BatchesOptions limits)
    {
        var schemas = document.Components!.Schemas!;
        IOpenApiSchema image = schemas[nameof(ImageFields)], run = schemas[nameof(BatchRun)], request = schemas[nameof(BatchRequest)];
        foreach (var schema in new[] { image, run, request })
        {
            DescribeImage(schema, limits);
        }

        foreach (var schema in new[] { run, request })
        {
            Limit(schema, "n_iter", 1, limits.MaxImages);
            Field(schema, "prompts").MaxItems = limits.MaxImages;
            Field(schema, "seeds").MaxItems = limits.MaxImages;
            foreach (var lists in new[] { "zip", "product" })
            {
                schema.Properties![lists] = new OpenApiSchemaReference(nameof(FieldLists), document) { Description = Field(schema, lists).Description };
            }
        }

        schemas[nameof(FieldLists)] = Lists(image, limits);
        Field(request, "runs").MaxItems = limits.MaxImages;
    }

    // a list of values for every field of an image
    private static OpenApiSchema Lists(IOpenApiSchema image, BatchesOptions limits) => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Lists of values by field.",
        AdditionalPropertiesAllowed = false,
        MinProperties = 1,
        Properties = image.Properties!.ToDictionary(field => field.Key, field => (IOpenApiSchema)new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Description = $"Values of {field.Key}.",
            Items = field.Value,
            MinItems = 1,
            MaxItems = limits.MaxImages,
        }),
    };

    private static void DescribeImage(IOpenApiSchema request, BatchesOptions limits)
    {
        Limit(request, "steps", 1, limits.MaxSteps);
        Limit(request, "hr_second_pass_steps", 0, limits.MaxSteps);
        Limit(request, "width", 1, limits.MaxSide);
        Limit(request, "height", 1, limits.MaxSide);
        Limit(request, "hr_resize_x", 0, limits.MaxSide);
        Limit(request, "hr_resize_y", 0, limits.MaxSide);
        foreach (var text in new[] { "prompt", "negative_prompt", "prompt_2", "negative_prompt_2" })
        {
            Field(request, text).MaxLength = limits.MaxPromptLength;
        }

        Name(request, "sampler_name", Samplers.Names);
        Name(request, "scheduler", ScheduleTypes.Names);
        Name(request, "hr_upscaler", Upscalers.Names);
    }

    private static OpenApiSchema Field(IOpenApiSchema request, string name) => (OpenApiSchema)request.Properties![name];

    private static void Limit(IOpenApiSchema request, string name, int least, int most)
    {
        var field = Field(request, name);
        (field.Minimum, field.Maximum) = ($"{least}", $"{most}");
    }

    // no enum: letter case is free, and samplers have other spellings
    private static void Name(IOpenApiSchema request, string name, IEnumerable<string> known) =>
        Field(request, name).Description += $" Known: {string.Join(", ", known)}.";
}
