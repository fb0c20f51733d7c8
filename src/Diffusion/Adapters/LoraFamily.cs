using StableDiffusion.Diffusion.Checkpoints;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>Tells why a LoRA does not fit: mostly it was trained for a model of another family.</summary>
internal static class LoraFamily
{
    private const string TextAttention = "_attn2_to_k";

    /// <summary>A sentence that a list of layers may follow.</summary>
    public static string Explain(LoraFile lora, StableDiffusionModel model, bool unknown)
    {
        int own = model.UNet.Config.CrossAttentionDim;
        long? trained = lora.Layers
            .Where(layer => layer.Component == LoraComponent.UNet && layer.Name.EndsWith(TextAttention, StringComparison.Ordinal))
            .Select(layer => (long?)layer.Shape[1]).FirstOrDefault();
        return trained is { } width && width != own
            ? $"this LoRA was trained for {Name(width)}, and the model is {Name(own)}; layers that do not fit"
            : unknown ? "this LoRA was trained for another model: layers that this one does not have in this shape"
            : "this LoRA was trained for another model: layers with other shapes";
    }

    /// <summary>Families differ in the width of the text embedding that the U-Net looks at.</summary>
    private static string Name(long width) => width switch
    {
        768 => "Stable Diffusion 1.x (text embeddings of 768 values)",
        1024 => "Stable Diffusion 2.x (text embeddings of 1024 values)",
        1280 => "SDXL's refiner (text embeddings of 1280 values)",
        2048 => "Stable Diffusion XL (text embeddings of 2048 values)",
        _ => $"one with text embeddings of {width} values",
    };
}
