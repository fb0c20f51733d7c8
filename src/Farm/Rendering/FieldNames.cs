using System.Globalization;
using System.Text.RegularExpressions;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Farm.Rendering;

/// <summary>The options behind the API's fields, so that a refusal can be told in the user's own words.</summary>
internal static partial class FieldNames
{
    // those whose options are not just the field with dashes
    private static readonly Dictionary<string, string> Options = new()
    {
        ["n_iter"] = "--count",
        ["tags"] = "--tag",
        ["sampler_name"] = "--sampler",
        ["scheduler"] = "--schedule",
        ["prompt_syntax"] = "--plain-prompt",
        ["init_images"] = "--init",
        ["denoising_strength"] = "--strength",
        ["inpainting_mask_invert"] = "--mask-invert",
        ["inpainting_fill"] = "--mask-fill",
        ["inpaint_full_res"] = "--masked-only",
        ["inpaint_full_res_padding"] = "--masked-padding",
        ["paste_back"] = "--no-paste-back",
        ["live_previews"] = "--previews",
        ["enable_hr"] = "--hires",
        ["hr_scale"] = "--hires",
        ["hr_resize_x"] = "--hires-size",
        ["hr_resize_y"] = "--hires-size",
        ["hr_upscaler"] = "--hires-upscaler",
        ["hr_second_pass_steps"] = "--hires-steps",
        ["loras"] = "--lora",
        ["controlnet_units"] = "--controlnet",
        ["original_width"] = "--original-size",
        ["original_height"] = "--original-size",
        ["crop_x"] = "--crop",
        ["crop_y"] = "--crop",
        ["target_width"] = "--target-size",
        ["target_height"] = "--target-size",
    };

    private static readonly HashSet<string> Known = [.. FarmJson.Options.GetTypeInfo(typeof(BatchRequest)).Properties.Select(property => property.Name)];

    /// <summary>A refusal with options as they were typed, where the API names its fields.</summary>
    public static string InOptions(string refusal)
    {
        string told = Fields().Replace(refusal, match =>
        {
            string field = match.Groups["field"].Value;
            return !Known.Contains(field) ? match.Value
                : field == "prompts"
                ? $"prompt {int.Parse(match.Groups["index"].Value, CultureInfo.InvariantCulture) + 1}"
                : Options.GetValueOrDefault(field, "--" + field.Replace('_', '-'));
        });

        // an option of two fields is told once
        return string.Join('\n', Twice().Replace(told, "${option}").Split('\n').DistinctBy(line => line.StartsWith("farm: ", StringComparison.Ordinal) ? line["farm: ".Length..] : line));
    }

    [GeneratedRegex(@"(?<option>--[a-z-]+)(?: and| or) \k<option>(?![a-z-])")]
    private static partial Regex Twice();

    // words that a sentence may use as well are fields only where a line begins with them
    [GeneratedRegex(@"(?<field>\bprompts)\[(?<index>\d{1,6})\]|(?<field>\b(?:loras|controlnet_units|init_images|tags))\[\d{1,6}\](?:\.\w+)?|(?<field>\b[a-z]+(?:_[a-z0-9]+)+)\b|(?<=^|\n(?:farm: )?)(?<field>seed|steps|width|height|model|scheduler|eta|mask|vae|loras|name|tags|priority)(?=: )|(?<=\b(?:without|give) )(?<field>mask)(?=[:,])")]
    private static partial Regex Fields();
}
