using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>One level of the U-Net on the way up. <c>level</c> counts as on the way down, from the latents' resolution.</summary>
internal abstract class UNetUpBlock(string name) : Module<Tensor, Tensor, Tensor, Stack<Tensor>, Tensor>(name)
{
    public static UNetUpBlock Create(LayerFactory layers, UNet2DConditionConfig config, int level)
    {
        return config.UpBlockTypes[config.BlockOutChannels.Count - 1 - level] switch
        {
            nameof(UpBlock2D) => new UpBlock2D(layers, config, level),
            nameof(CrossAttnUpBlock2D) => new CrossAttnUpBlock2D(layers, config, level),
            var other => throw new ArgumentException($"Up block {other} is not built.", nameof(config)),
        };
    }

    /// <param name="hidden">(B, C, H, W)</param>
    /// <param name="temb">(B, time_embed_dim)</param>
    /// <param name="encoder_hidden_states">(B, S, cross_attention_dim)</param>
    /// <param name="skips">What the way down left; the block takes one for each of its layers, and frees it.</param>
    /// <returns>(B, C', H', W'), H' and W' those of the next skip</returns>
    public abstract override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states, Stack<Tensor> skips);

    private protected static ResnetBlock2D[] Resnets(LayerFactory layers, UNet2DConditionConfig config, int level)
    {
        var channels = config.BlockOutChannels;
        var (below, here, above) = (channels[Math.Min(level + 1, channels.Count - 1)], channels[level], channels[Math.Max(level - 1, 0)]);
        var count = config.LayersPerBlock[level] + 1;
        return [.. Enumerable.Range(0, count).Select(index =>
        {
            var skip = index == count - 1 ? above : here; // what the layer's counterpart on the way down left
            return new ResnetBlock2D(layers, (index == 0 ? below : here) + skip, here, config.TimeEmbedDim, config.NormNumGroups, config.NormEps);
        })];
    }

    private protected static ModuleList<Upsample2D>? Upsamplers(LayerFactory layers, UNet2DConditionConfig config, int level) =>
        level == 0 ? null : new ModuleList<Upsample2D>(new Upsample2D(layers, config.BlockOutChannels[level]));

    /// <summary>A residual block on what came from below together with the next skip, freeing both but the block's own input.</summary>
    private protected static Tensor Join(ResnetBlock2D resnet, Tensor hidden, Stack<Tensor> skips, Tensor temb)
    {
        using var skip = skips.Pop();
        using var joined = cat([hidden, skip], 1); // (B, C + skip's, H, W)
        return resnet.call(joined, temb); // (B, C', H, W)
    }

    /// <summary>To the next skip's size: twice as large, but where halving had rounded up.</summary>
    private protected static Tensor Upsample(ModuleList<Upsample2D>? upsamplers, Tensor hidden, Stack<Tensor> skips)
    {
        if (upsamplers is null)
        {
            return hidden;
        }

        var target = skips.Peek().shape;
        return upsamplers[0].To(hidden, target[2], target[3]);
    }
}
