using StableDiffusion.Diffusion.Networks.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>The bottom of a U-Net or ControlNet.</summary>
internal abstract class UNetMidBlock(string name) : Module<Tensor, Tensor, Tensor, Tensor>(name)
{
    /// <returns>Null where the model has none.</returns>
    public static UNetMidBlock? Create(LayerFactory layers, UNetEncoderConfig config) => config.MidBlockType switch
    {
        null => null,
        nameof(UNetMidBlock2D) => new UNetMidBlock2D(layers, config),
        nameof(UNetMidBlock2DCrossAttn) => new UNetMidBlock2DCrossAttn(layers, config),
        var other => throw new ArgumentException($"Mid block {other} is not built.", nameof(config)),
    };

    /// <param name="hidden">(B, C, H, W)</param>
    /// <param name="temb">(B, time_embed_dim)</param>
    /// <param name="encoder_hidden_states">(B, S, cross_attention_dim)</param>
    /// <returns>(B, C, H, W)</returns>
    public abstract override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states);

    private protected static ResnetBlock2D Resnet(LayerFactory layers, UNetEncoderConfig config) => new(
        layers, config.BlockOutChannels[^1], config.BlockOutChannels[^1], config.TimeEmbedDim, config.NormNumGroups, config.NormEps);
}
