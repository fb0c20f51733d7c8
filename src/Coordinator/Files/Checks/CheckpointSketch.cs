using System.Text.Json.Nodes;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files.Checks;

/// <summary>
/// What a checkpoint's configuration and tensors' names tell of it, so that it can be asked for before a worker ever held it. The first worker that loads it
/// describes it anew, by what it loaded.
/// </summary>
public sealed class CheckpointSketch(IObjectStore objects)
{
    private const string FirstWeight = "model.diffusion_model.input_blocks.0.0.weight";
    private const double UsualCfgScale = 7; // A1111's default

    /// <summary>The description of a checkpoint that is ready.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or refuses.</exception>
    public async Task<ModelDescription> OfAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        var published = file.Key.EndsWith('/') ? null : await PublishedAsync(file, cancellationToken);
        var index = await ReadAsync(file, "model_index.json", cancellationToken);
        var unet = await ReadAsync(file, "unet/config.json", cancellationToken);
        var vae = await ReadAsync(file, "vae/config.json", cancellationToken);
        var scheduler = await ReadAsync(file, "scheduler/scheduler_config.json", cancellationToken);
        var scale = vae is null && published is not null ? 8 : 1 << Math.Max(0, ((vae?["block_out_channels"] as JsonArray)?.Count ?? 1) - 1);
        var isXL = index?["_class_name"]?.ToString().StartsWith("StableDiffusionXL", StringComparison.Ordinal) == true;
        var size = Number(unet, "sample_size") is { } latents ? latents * scale : published?.Size ?? Number(vae, "sample_size") ?? 32;
        return new ModelDescription
        {
            Name = file.Name,
            Hash = file.Sha256!,
            VaeScaleFactor = scale,
            DefaultSize = size,
            DefaultCfgScale = (index?["_guidance_scale"] as JsonValue)?.TryGetValue<double>(out var guidance) == true ? guidance : UsualCfgScale,
            DefaultSampler = Samplers.OfClass(scheduler?["_class_name"]?.ToString() ?? published?.Scheduler)?.Name ?? "Euler",
            Inpainting = (Number(unet, "in_channels") ?? published?.InChannels ?? 4) > (Number(vae, "latent_channels") ?? 4),
            Family = published?.Family
                ?? (isXL ? (index!["requires_aesthetics_score"]?.ToString() is "true" ? ModelFamily.Refiner : ModelFamily.Sdxl)
                : Number(unet, "cross_attention_dim") == 1024 ? ModelFamily.Sd2 : ModelFamily.Sd1),
        };
    }

    private sealed record Published(ModelFamily Family, int Size, string Scheduler, int InChannels);

    /// <summary>A single file's, as its family was published.</summary>
    private async Task<Published> PublishedAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        await using var stored = await OpenAsync(file.Key, cancellationToken);
        var (_, header) = await SafetensorsHeader.ReadAsync(stored.Content, "key", cancellationToken);
        var inChannels = header.Tensors.FirstOrDefault(tensor => tensor.Name == FirstWeight).Shape is [_, var channels, _, _] ? (int)channels : 4;
        if (header.Has("conditioner.embedders.1.model."))
        {
            return new Published(ModelFamily.Sdxl, 1024, "EulerDiscreteScheduler", inChannels);
        }

        if (header.Has("conditioner.embedders.0.model."))
        {
            return new Published(ModelFamily.Refiner, 1024, "EulerDiscreteScheduler", inChannels);
        }

        return header.Has("cond_stage_model.model.")
            ? new Published(ModelFamily.Sd2, inChannels == 4 ? 768 : 512, "DDIMScheduler", inChannels)
            : new Published(ModelFamily.Sd1, 512, "PNDMScheduler", inChannels);
    }

    /// <summary>A configuration in the folder, or beside the file.</summary>
    private async Task<JsonObject?> ReadAsync(RegisteredFile file, string path, CancellationToken cancellationToken)
    {
        if (file.Parts.FirstOrDefault(part => part.Path == $"{file.Name}/{path}") is not { } part)
        {
            return null;
        }

        await using var stored = await OpenAsync(part.Key, cancellationToken);
        return await JsonNode.ParseAsync(stored.Content, cancellationToken: cancellationToken) as JsonObject;
    }

    private async Task<StoredObject> OpenAsync(string key, CancellationToken cancellationToken) =>
        await objects.OpenReadAsync(key, cancellationToken) ?? throw new ObjectStoreException($"{key} is no longer in the store.", transient: true);

    private static int? Number(JsonObject? config, string field) => (config?[field] as JsonValue)?.TryGetValue<int>(out var number) == true ? number : null;
}
