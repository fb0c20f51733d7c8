using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>
/// The variational autoencoder between pictures and latents (https://arxiv.org/abs/2112.10752), as in diffusers'
/// AutoencoderKL. Neither direction applies the scaling factor.
/// </summary>
public sealed class AutoencoderKL : Module<Tensor, Tensor>
{
    private readonly Encoder encoder;
    private readonly Decoder decoder;
    private readonly Conv2d? quant_conv;
    private readonly Conv2d? post_quant_conv;

    /// <summary>Builds the network; its weights start random.</summary>
    public AutoencoderKL(AutoencoderKLConfig config, LayerFactory layers = default)
        : base(nameof(AutoencoderKL))
    {
        Config = config;
        encoder = new Encoder(config, layers);
        decoder = new Decoder(config, layers);
        quant_conv = config.UseQuantConv ? layers.Conv2d(2 * config.LatentChannels, 2 * config.LatentChannels, 1) : null;
        post_quant_conv = config.UsePostQuantConv ? layers.Conv2d(config.LatentChannels, config.LatentChannels, 1) : null;
        RegisterComponents();
    }

    /// <summary>The sizes it was built with.</summary>
    public AutoencoderKLConfig Config { get; }

    internal Encoder Encoder => encoder;

    internal Decoder Decoder => decoder;

    /// <summary>Pixels per latent in height and in width.</summary>
    public int ScaleFactor => 1 << (Config.BlockOutChannels.Count - 1);

    /// <summary>From pictures to a distribution over latents.</summary>
    /// <param name="image">(B, in_channels, H, W), values −1 … 1, H and W multiples of <see cref="ScaleFactor"/></param>
    public DiagonalGaussianDistribution Encode(Tensor image)
    {
        using var scope = NewDisposeScope();
        var posterior = DiagonalGaussianDistribution.FromParameters(EncodeParameters(image));
        scope.MoveToOuter(posterior.Mean, posterior.Logvar);
        return posterior;
    }

    /// <summary>The distribution's means, then its log-variances. (B, 2 · latent_channels, H/f, W/f)</summary>
    /// <inheritdoc cref="Encode"/>
    internal Tensor EncodeParameters(Tensor image)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(Through(quant_conv, encoder.call(image)));
    }

    /// <summary>The end of <see cref="EncodeParameters"/>, from what <see cref="Vae.Encoder.Locally"/> gave.</summary>
    internal Tensor EncodeGlobally(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(Through(quant_conv, encoder.Globally(hidden)));
    }

    /// <summary>The begin of <see cref="Decode"/>, for <see cref="Vae.Decoder.Locally"/>.</summary>
    internal Tensor DecodeGlobally(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(decoder.Globally(Through(post_quant_conv, latents)));
    }

    /// <summary>From latents to pictures.</summary>
    /// <param name="latents">(B, latent_channels, h, w)</param>
    /// <returns>(B, out_channels, h · f, w · f), about −1 … 1</returns>
    public Tensor Decode(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(decoder.call(Through(post_quant_conv, latents)));
    }

    /// <summary>There and back through the likeliest latents.</summary>
    /// <param name="image">(B, in_channels, H, W)</param>
    /// <returns>(B, out_channels, H, W)</returns>
    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(Decode(Encode(image).Mode()));
    }

    private static Tensor Through(Conv2d? conv, Tensor x) => conv is null ? x : conv.call(x);
}
