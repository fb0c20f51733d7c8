using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.ControlNet;

/// <summary>Brings the picture that controls to the size and channels of the U-Net's first features.</summary>
internal sealed class ControlNetConditioningEmbedding : Module<Tensor, Tensor>
{
    private readonly Conv2d conv_in;
    private readonly ModuleList<Conv2d> blocks;
    private readonly Conv2d conv_out;

    public ControlNetConditioningEmbedding(LayerFactory layers, ControlNetConfig config)
        : base(nameof(ControlNetConditioningEmbedding))
    {
        var channels = config.ConditioningEmbeddingOutChannels;
        conv_in = layers.Conv2d(config.ConditioningChannels, channels[0], 3, padding: 1);
        blocks = new ModuleList<Conv2d>([.. channels.Zip(channels.Skip(1)).SelectMany(pair => new[]
        {
            layers.Conv2d(pair.First, pair.First, 3, padding: 1),
            layers.Conv2d(pair.First, pair.Second, 3, stride: 2, padding: 1),
        })]);
        conv_out = layers.ZeroConv2d(channels[^1], config.BlockOutChannels[0], 3, padding: 1);
        RegisterComponents();
    }

    /// <param name="conditioning">(B, conditioning_channels, H, W)</param>
    /// <returns>(B, block_out_channels[0], H/f, W/f)</returns>
    public override Tensor forward(Tensor conditioning)
    {
        var embedding = conv_in.call(conditioning); // (B, conditioning_embedding_out_channels[0], H, W)
        foreach (var block in blocks)
        {
            using var active = Silu(embedding);
            embedding = block.call(active);
        }

        using var last = Silu(embedding); // (B, conditioning_embedding_out_channels[^1], H/f, W/f)
        return conv_out.call(last);
    }

    private static Tensor Silu(Tensor x)
    {
        using (x)
        {
            return silu(x);
        }
    }
}
