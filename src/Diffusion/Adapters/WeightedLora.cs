namespace StableDiffusion.Diffusion.Adapters;

/// <summary>A LoRA and how much of it: 1 is what it was trained as, 0 nothing, negative the opposite.</summary>
/// <param name="File">Stays the caller's.</param>
/// <param name="UNetWeight">For the layers of the U-Net.</param>
/// <param name="TextEncoderWeight">For the layers of the text encoders.</param>
public sealed record WeightedLora(LoraFile File, double UNetWeight, double TextEncoderWeight)
{
    /// <summary>The same weight for all networks.</summary>
    public WeightedLora(LoraFile file, double weight)
        : this(file, weight, weight)
    {
    }

    internal double Weight(LoraComponent component) => component == LoraComponent.UNet ? UNetWeight : TextEncoderWeight;
}
