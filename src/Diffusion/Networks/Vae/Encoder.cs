using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>The half of the VAE that shrinks pictures.</summary>
internal sealed class Encoder : Module<Tensor, Tensor>
{
    private readonly Conv2d conv_in;
    private readonly ModuleList<DownEncoderBlock2D> down_blocks;
    private readonly UNetMidBlock2D mid_block;
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    public Encoder(AutoencoderKLConfig config, LayerFactory layers)
        : base(nameof(Encoder))
    {
        var channels = config.BlockOutChannels;
        conv_in = layers.Conv2d(config.InChannels, channels[0], 3, padding: 1);
        down_blocks = new ModuleList<DownEncoderBlock2D>([.. Enumerable.Range(0, channels.Count).Select(level => new DownEncoderBlock2D(
            layers, channels[Math.Max(level - 1, 0)], channels[level], config, downsample: level < channels.Count - 1))]);
        mid_block = new UNetMidBlock2D(layers, channels[^1], config);
        conv_norm_out = layers.GroupNorm(config.NormNumGroups, channels[^1], VaeNorm.Eps);
        conv_out = layers.Conv2d(channels[^1], 2 * config.LatentChannels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>The parts behind <see cref="Locally"/>.</summary>
    public IEnumerable<Module> LocalParts => down_blocks;

    /// <param name="image">(B, in_channels, H, W)</param>
    /// <returns>(B, 2 · latent_channels, H/f, W/f)</returns>
    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(Globally(Locally(image)));
    }

    /// <summary>The first layers, in which a position sees what is near alone, but for the norms.</summary>
    /// <param name="image">(B, in_channels, H, W)</param>
    /// <returns>(B, block_out_channels[^1], H/f, W/f)</returns>
    public Tensor Locally(Tensor image)
    {
        using var scope = NewDisposeScope();
        var hidden = conv_in.call(image); // (B, block_out_channels[0], H, W)
        foreach (var block in down_blocks)
        {
            using var larger = hidden;
            hidden = block.call(larger);
        }

        return scope.MoveToOuter(hidden);
    }

    /// <summary>The other layers, in which every position looks at all others.</summary>
    /// <param name="hidden">(B, block_out_channels[^1], H/f, W/f)</param>
    /// <returns>(B, 2 · latent_channels, H/f, W/f)</returns>
    public Tensor Globally(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(NormSiluConv.Call(conv_norm_out, conv_out, mid_block.call(hidden)));
    }
}
