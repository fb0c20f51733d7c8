using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Worker.Caching;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Adapters;

/// <summary>Adapters that are open, by their files' hashes; the last few stay so. Belongs to the device's thread.</summary>
internal sealed class LoadedAdapters(HeldAdapters held, Device device, ScalarType dtype) : IDisposable
{
    private readonly RecentlyUsed<LoraFile> loras = new(most: 16); // mapped, not read: they cost address space alone
    private readonly RecentlyUsed<TextualInversion> embeddings = new(most: 64);
    private readonly RecentlyUsed<AutoencoderKL> vaes = new(most: 2);
    private readonly RecentlyUsed<ControlNetModel> controlNets = new(most: 2);

    /// <summary>Puts an image's LoRAs into a model's weights; disposing the result takes them out again.</summary>
    public LoraMerge Merge(StableDiffusionModel model, ImageSettings settings) => LoraMerge.Apply(
        model,
        [.. (settings.Loras ?? []).Select(lora => new WeightedLora(
            loras.Get(lora.Hash, () => LoraFile.Load(held.PathOf(AdapterKind.Lora, lora.Name, lora.Hash))),
            lora.Weight, lora.TextEncoderWeight ?? lora.Weight))]);

    /// <summary>The VAE that an image names; null for the model's own, whose scaling factor a VAE's file takes: the file does not say it.</summary>
    public AutoencoderKL? Vae(StableDiffusionModel model, ImageSettings settings) => settings.Vae is not { } vae ? null
        : vaes.Get(
            $"{vae.Hash} × {model.Vae.Config.ScalingFactor}",
            () => NetworkFolder.LoadVae(held.PathOf(AdapterKind.Vae, vae.Name, vae.Hash), dtype, device, published: model.Vae.Config));

    /// <summary>The words that an image's prompts may use, by the names that the farm has for them.</summary>
    public IReadOnlyList<TextualInversion> Embeddings(ImageSettings settings) => [.. (settings.Embeddings ?? []).Select(embedding => embeddings.Get(
        embedding.Hash, () => TextualInversion.Load(held.PathOf(AdapterKind.Embedding, embedding.Name, embedding.Hash), embedding.Name)))];

    /// <summary>The network that reads a control image.</summary>
    public ControlNetModel ControlNet(ControlNetSettings unit) =>
        controlNets.Get(unit.Hash, () => NetworkFolder.LoadControlNet(held.PathOf(AdapterKind.Controlnet, unit.Model, unit.Hash), dtype, device));

    /// <summary>Lets go of what was not used for long; nothing may be in use.</summary>
    public void Trim()
    {
        loras.Trim();
        embeddings.Trim();
        vaes.Trim();
        controlNets.Trim();
    }

    public void Dispose()
    {
        embeddings.Clear();
        loras.Clear();
        vaes.Clear();
        controlNets.Clear();
    }
}
