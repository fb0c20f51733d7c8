using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>What SDXL alone takes: the sizes it is told, and texts for its second encoder. The refiner takes of them what is not target or text.</summary>
internal static class SdxlFields
{
    private const int Most = 16_384;

    /// <summary>The sizes; null when none is given, which is the picture's own.</summary>
    public static SizeSettings? Resolve(ImageFields request, ModelFamily? family, int width, int height, RequestErrors errors)
    {
        (string Field, int? Given)[] fields =
        [
            ("original_width", request.OriginalWidth), ("original_height", request.OriginalHeight), ("crop_x", request.CropX),
            ("crop_y", request.CropY), ("target_width", request.TargetWidth), ("target_height", request.TargetHeight),
        ];
        if (family is not (null or ModelFamily.Sdxl))
        {
            var refines = family == ModelFamily.Refiner;
            var taken = refines ? 4 : 0; // it is told a score in place of a target size
            errors.Only(
                refines ? "SDXL's base model" : "an SDXL model",
                [.. fields.Skip(taken).Select(field => (field.Field, (object?)field.Given)), ("prompt_2", request.Prompt2), ("negative_prompt_2", request.NegativePrompt2)]);
            if (!refines)
            {
                return null;
            }
        }

        foreach (var (field, text) in new[] { ("prompt_2", request.Prompt2), ("negative_prompt_2", request.NegativePrompt2) })
        {
            if (!string.IsNullOrEmpty(text) && request.PromptSyntax != PromptSyntax.Plain)
            {
                errors.Add(field, "A1111's reading gives both text encoders one prompt: leave it out, or give \"prompt_syntax\": \"plain\".");
            }
        }

        if (!fields.Any(field => field.Given is not null))
        {
            return null;
        }

        return new SizeSettings
        {
            OriginalWidth = errors.Whole("original_width", request.OriginalWidth, width, 1, Most),
            OriginalHeight = errors.Whole("original_height", request.OriginalHeight, height, 1, Most),
            CropX = errors.Whole("crop_x", request.CropX, 0, 0, Most),
            CropY = errors.Whole("crop_y", request.CropY, 0, 0, Most),
            TargetWidth = errors.Whole("target_width", request.TargetWidth, width, 1, Most),
            TargetHeight = errors.Whole("target_height", request.TargetHeight, height, 1, Most),
        };
    }
}
