using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>The half of the VAE that draws pictures from latents.</summary>
internal sealed class Decoder : Module<Tensor, Tensor>
{
    private readonly Conv2d conv_in;
    private readonly ModuleList<UpDecoderBlock2D> up_blocks;
    private readonly UNetMidBlock2D mid_block;
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    public Decoder(AutoencoderKLConfig config, LayerFactory layers)
        : base(nameof(Decoder))
    {
        int[] channels = [.. config.BlockOutChannels.Reverse()]; // from the latents up
        conv_in = layers.Conv2d(config.LatentChannels, channels[0], 3, padding: 1);
        mid_block = new UNetMidBlock2D(layers, channels[0], config);
        up_blocks = new ModuleList<UpDecoderBlock2D>([.. Enumerable.Range(0, channels.Length).Select(level => new UpDecoderBlock2D(
            layers, channels[Math.Max(level - 1, 0)], channels[level], config, upsample: level < channels.Length - 1))]);
        conv_norm_out = layers.GroupNorm(config.NormNumGroups, channels[^1], VaeNorm.Eps);
        conv_out = layers.Conv2d(channels[^1], config.OutChannels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>The parts behind <see cref="Locally"/>.</summary>
    public IEnumerable<Module> LocalParts => [.. up_blocks, conv_norm_out];

    /// <param name="latents">(B, latent_channels, h, w)</param>
    /// <returns>(B, out_channels, h · f, w · f)</returns>
    public override Tensor forward(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(Locally(Globally(latents)));
    }

    /// <summary>The first layers, in which every position looks at all others.</summary>
    /// <param name="latents">(B, latent_channels, h, w)</param>
    /// <returns>(B, block_out_channels[^1], h, w)</returns>
    public Tensor Globally(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(mid_block.call(conv_in.call(latents)));
    }

    /// <summary>The other layers, in which a position sees what is near alone, but for the norms.</summary>
    /// <param name="hidden">(B, block_out_channels[^1], h, w), disposed on the way</param>
    /// <returns>(B, out_channels, h · f, w · f)</returns>
    public Tensor Locally(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        foreach (var block in up_blocks)
        {
            using var smaller = hidden;
            hidden = block.call(smaller);
        }

        return scope.MoveToOuter(NormSiluConv.Call(conv_norm_out, conv_out, hidden));
    }
}
