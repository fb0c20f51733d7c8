using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.ControlNet;

/// <summary>
/// A copy of a U-Net's way down that looks at a picture as well and tells the U-Net what to add to its features
/// (https://arxiv.org/abs/2302.05543), as in diffusers' ControlNetModel.
/// </summary>
public sealed class ControlNetModel : Module<Tensor, Tensor, UNetConditions, Tensor, double, bool, ControlResiduals>
{
    private const double WeakestGuess = 0.1; // of the scale, at the first skip

    private readonly ConditionEmbedding conditionEmbedding;
    private readonly Conv2d conv_in;
    private readonly TimestepEmbedding time_embedding;
    private readonly TimestepEmbedding? add_embedding;
    private readonly ControlNetConditioningEmbedding controlnet_cond_embedding;
    private readonly ModuleList<UNetDownBlock> down_blocks;
    private readonly ModuleList<Conv2d> controlnet_down_blocks;
    private readonly Conv2d controlnet_mid_block;
    private readonly UNetMidBlock mid_block;

    /// <summary>Builds the network; its weights start random, but those that lead out of it zero.</summary>
    public ControlNetModel(ControlNetConfig config, LayerFactory layers = default)
        : base(nameof(ControlNetModel))
    {
        Config = config;
        var channels = config.BlockOutChannels;
        conv_in = layers.Conv2d(config.InChannels, channels[0], 3, padding: 1);
        time_embedding = new TimestepEmbedding(layers, channels[0], config.TimeEmbedDim);
        add_embedding = ConditionEmbedding.AddEmbedding(layers, config);
        conditionEmbedding = new ConditionEmbedding(config, time_embedding, add_embedding);
        controlnet_cond_embedding = new ControlNetConditioningEmbedding(layers, config);
        down_blocks = new ModuleList<UNetDownBlock>([.. Enumerable.Range(0, channels.Count).Select(level => UNetDownBlock.Create(layers, config, level))]);
        controlnet_down_blocks = new ModuleList<Conv2d>([.. SkipChannels(config).Select(count => layers.ZeroConv2d(count, count, 1))]);
        controlnet_mid_block = layers.ZeroConv2d(channels[^1], channels[^1], 1);
        mid_block = UNetMidBlock.Create(layers, config)!; // no config without one is read
        RegisterComponents();
    }

    /// <summary>The sizes it was built with.</summary>
    public ControlNetConfig Config { get; }

    /// <summary>Says what the U-Net is to add.</summary>
    /// <param name="sample">(B, in_channels, h, w), the latents as the U-Net gets them</param>
    /// <param name="timestep">(B), (1) or a scalar, whole or fractional</param>
    /// <param name="conditions">As the U-Net gets them</param>
    /// <param name="controlnet_cond">(B or 1, conditioning_channels, h·f, w·f), values 0 … 1 in red, green, blue; f is 8 for all published ones</param>
    /// <param name="conditioning_scale">What all residuals are multiplied with</param>
    /// <param name="guess_mode">
    /// Whether the residuals of the first skip are a tenth of that and grow from skip to skip, so that the control picture
    /// rules without a prompt
    /// </param>
    /// <returns>Down and Mid as the U-Net's skips and middle; (B, C, 1, 1) with global_pool_conditions, where guess_mode changes nothing</returns>
    /// <exception cref="ArgumentException">The control picture's size is not that of the latents, or a condition is missing.</exception>
    public override ControlResiduals forward(
        Tensor sample, Tensor timestep, UNetConditions conditions, Tensor controlnet_cond, double conditioning_scale, bool guess_mode)
    {
        using var scope = NewDisposeScope();

        // 1. time, and what is added to it
        var temb = conditionEmbedding.Embed(sample, timestep, conditions); // (B, time_embed_dim)

        // 2. latents and control picture together
        CheckSize(controlnet_cond, sample);
        var control = Config.IsBgr ? controlnet_cond.flip(1) : controlnet_cond;
        var hidden = conv_in.call(sample) + controlnet_cond_embedding.call(control); // (B, block_out_channels[0], h, w)

        // 3. down
        var skips = new Stack<Tensor>([hidden]);
        foreach (var block in down_blocks)
        {
            hidden = block.call(hidden, temb, conditions.EncoderHiddenStates, skips);
        }

        // 4. middle
        hidden = mid_block.call(hidden, temb, conditions.EncoderHiddenStates); // (B, block_out_channels[^1], h', w')

        // 5. out
        var scales = Scales(skips.Count + 1, conditioning_scale, guess_mode);
        var down = skips.Reverse().Zip(controlnet_down_blocks, scales).Select(skip => scope.MoveToOuter(Residual(skip.Second, skip.First, skip.Third)));
        return new ControlResiduals([.. down], scope.MoveToOuter(Residual(controlnet_mid_block, hidden, scales[^1])));
    }

    /// <summary>Channels of what each layer on the way down leaves for the way up.</summary>
    private static IEnumerable<long> SkipChannels(ControlNetConfig config)
    {
        var channels = config.BlockOutChannels;
        var ofLevels = channels.SelectMany((count, level) =>
            Enumerable.Repeat((long)count, config.LayersPerBlock[level] + (level < channels.Count - 1 ? 1 : 0)));
        return ofLevels.Prepend(channels[0]);
    }

    private double[] Scales(int count, double scale, bool guessMode) => [.. Enumerable.Range(0, count).Select(index =>
        guessMode && !Config.GlobalPoolConditions ? scale * Math.Pow(WeakestGuess, 1 - index / (count - 1.0)) : scale)];

    private Tensor Residual(Conv2d layer, Tensor features, double scale)
    {
        using var scope = NewDisposeScope();
        var residual = layer.call(features); // (B, C, H, W)
        return scope.MoveToOuter((Config.GlobalPoolConditions ? residual.mean([2, 3], keepdim: true) : residual) * scale);
    }

    private void CheckSize(Tensor control, Tensor sample)
    {
        var (height, width) = (sample.shape[2] * Config.PixelsPerLatent, sample.shape[3] * Config.PixelsPerLatent);
        if (control.shape[2] != height || control.shape[3] != width)
        {
            throw new ArgumentException($"The control picture is {control.shape[3]}×{control.shape[2]}, not {width}×{height} as the latents ask for.", nameof(control));
        }
    }
}
