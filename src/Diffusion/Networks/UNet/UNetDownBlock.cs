using StableDiffusion.Diffusion.Networks.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>One level of the U-Net on the way down.</summary>
internal abstract class UNetDownBlock(string name) : Module<Tensor, Tensor, Tensor, Stack<Tensor>, Tensor>(name)
{
    public static UNetDownBlock Create(LayerFactory layers, UNetEncoderConfig config, int level) => config.DownBlockTypes[level] switch
    {
        nameof(DownBlock2D) => new DownBlock2D(layers, config, level),
        nameof(CrossAttnDownBlock2D) => new CrossAttnDownBlock2D(layers, config, level),
        var other => throw new ArgumentException($"Down block {other} is not built.", nameof(config)),
    };

    /// <param name="hidden">(B, C, H, W)</param>
    /// <param name="temb">(B, time_embed_dim)</param>
    /// <param name="encoder_hidden_states">(B, S, cross_attention_dim)</param>
    /// <param name="skips">Gets what each layer makes, for the way up; the tensors belong to the caller's dispose scope.</param>
    /// <returns>The last of them: (B, C', ⌈H/2⌉, ⌈W/2⌉), at the lowest level (B, C', H, W)</returns>
    public abstract override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states, Stack<Tensor> skips);

    private protected static ResnetBlock2D[] Resnets(LayerFactory layers, UNetEncoderConfig config, int level)
    {
        var (before, after) = (config.BlockOutChannels[Math.Max(level - 1, 0)], config.BlockOutChannels[level]);
        return [.. Enumerable.Range(0, config.LayersPerBlock[level]).Select(index => new ResnetBlock2D(
            layers, index == 0 ? before : after, after, config.TimeEmbedDim, config.NormNumGroups, config.NormEps))];
    }

    private protected static TorchSharp.Modules.ModuleList<Downsample2D>? Downsamplers(LayerFactory layers, UNetEncoderConfig config, int level) =>
        level == config.BlockOutChannels.Count - 1 ? null : new(new Downsample2D(layers, config.BlockOutChannels[level], asymmetric: false));
}
