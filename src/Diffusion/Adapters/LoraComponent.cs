namespace StableDiffusion.Diffusion.Adapters;

/// <summary>The networks of a model that a LoRA may change.</summary>
internal enum LoraComponent
{
    UNet,
    TextEncoder,

    /// <summary>SDXL's second one.</summary>
    TextEncoder2,
}
