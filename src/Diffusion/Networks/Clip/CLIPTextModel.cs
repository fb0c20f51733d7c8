using StableDiffusion.Diffusion.Networks.Layers;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>The text encoder of SD 1.x and 2.x, and SDXL's first, as in transformers' CLIPTextModel.</summary>
public sealed class CLIPTextModel : CLIPTextEncoder
{
    /// <summary>Builds the network; its weights start random.</summary>
    public CLIPTextModel(CLIPTextConfig config, LayerFactory layers = default)
        : base(nameof(CLIPTextModel), config, layers) => RegisterComponents();
}
