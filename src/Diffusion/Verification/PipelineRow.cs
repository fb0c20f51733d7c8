using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>Reads a row of pipelines/*.json, whose fields are diffusers' arguments. A field that is not known here means a
/// feature that is not built.</summary>
internal static class PipelineRow
{
    private static readonly string[] About = ["name", "model", "pipeline", "request", "scheduler", "scheduler_config", PipelineAdapters.Field, "rounding_alone", "saturated"];

    /// <exception cref="NotSupportedException">The row needs what is not built; the message names it.</exception>
    public static (string Model, GenerationRequest Request) Read(JsonElement row, string path)
    {
        string pipeline = row.GetProperty("pipeline").GetString()!;
        if (pipeline != nameof(StableDiffusionPipeline))
        {
            throw new NotSupportedException($"{pipeline} is not built");
        }

        foreach (var field in row.EnumerateObject().Where(field => !About.Contains(field.Name)))
        {
            throw new NotSupportedException($"\"{field.Name}\" is not built");
        }

        var config = JsonNode.Parse(row.GetProperty("scheduler_config").GetRawText())!.AsObject();
        var request = new GenerationRequest
        {
            Images = [],
            Scheduler = row.GetProperty("scheduler").GetString(),
            SchedulerConfig = new SchedulerConfig(config, path),
        };
        return (row.GetProperty("model").GetString()!, ReadRequest(row.GetProperty("request"), request));
    }

    private static GenerationRequest ReadRequest(JsonElement json, GenerationRequest request)
    {
        long[] seeds = [.. json.GetProperty("seeds").EnumerateArray().Select(seed => seed.GetInt64())];
        string[] prompts = [];
        string?[] negativePrompts = new string?[seeds.Length];
        foreach (var field in json.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null))
        {
            var value = field.Value;
            request = field.Name switch
            {
                "seeds" or "prompt" or "negative_prompt" => request,
                "num_inference_steps" => request with { NumInferenceSteps = value.GetInt32() },
                "guidance_scale" => request with { GuidanceScale = value.GetDouble() },
                "guidance_rescale" => request with { GuidanceRescale = value.GetDouble() },
                "eta" => request with { Eta = value.GetDouble() },
                "clip_skip" => request with { ClipSkip = value.GetInt32() },
                "width" => request with { Width = value.GetInt32() },
                "height" => request with { Height = value.GetInt32() },
                _ => throw new NotSupportedException($"the request's \"{field.Name}\" is not built"),
            };
            prompts = field.Name == "prompt" ? Texts(value, seeds.Length) : prompts;
            negativePrompts = field.Name == "negative_prompt" ? Texts(value, seeds.Length) : negativePrompts;
        }

        return request with { Images = [.. seeds.Select((seed, i) => new ImagePrompt(prompts[i], negativePrompts[i], seed))] };
    }

    /// <summary>One text for all pictures, or a list with one for each.</summary>
    private static string[] Texts(JsonElement value, int count) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(text => text.GetString()!)]
        : [.. Enumerable.Repeat(value.GetString()!, count)];
}
