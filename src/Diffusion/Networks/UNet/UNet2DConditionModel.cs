using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>
/// The network that predicts the noise in latents, given the time step and the text (https://arxiv.org/abs/2112.10752), as
/// in diffusers' UNet2DConditionModel.
/// </summary>
public sealed class UNet2DConditionModel : Module<Tensor, Tensor, UNetConditions, Tensor>
{
    private readonly ConditionEmbedding conditionEmbedding;
    private readonly Conv2d conv_in;
    private readonly TimestepEmbedding time_embedding;
    private readonly TimestepEmbedding? add_embedding;
    private readonly ModuleList<UNetDownBlock> down_blocks;
    private readonly UNetMidBlock? mid_block;
    private readonly ModuleList<UNetUpBlock> up_blocks;
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    /// <summary>Builds the network; its weights start random.</summary>
    public UNet2DConditionModel(UNet2DConditionConfig config, LayerFactory layers = default)
        : base(nameof(UNet2DConditionModel))
    {
        Config = config;
        var channels = config.BlockOutChannels;
        conv_in = layers.Conv2d(config.InChannels, channels[0], 3, padding: 1);
        time_embedding = new TimestepEmbedding(layers, channels[0], config.TimeEmbedDim, config.TimeCondProjDim);
        add_embedding = ConditionEmbedding.AddEmbedding(layers, config);
        conditionEmbedding = new ConditionEmbedding(config, time_embedding, add_embedding);
        down_blocks = new ModuleList<UNetDownBlock>([.. Enumerable.Range(0, channels.Count).Select(level => UNetDownBlock.Create(layers, config, level))]);
        mid_block = UNetMidBlock.Create(layers, config);
        up_blocks = new ModuleList<UNetUpBlock>([.. Enumerable.Range(0, channels.Count).Reverse().Select(level => UNetUpBlock.Create(layers, config, level))]);
        conv_norm_out = layers.GroupNorm(config.NormNumGroups, channels[0], config.NormEps);
        conv_out = layers.Conv2d(channels[0], config.OutChannels, 3, padding: 1);
        RegisterComponents();
    }

    /// <summary>The sizes it was built with.</summary>
    public UNet2DConditionConfig Config { get; }

    /// <summary>
    /// Called with the output of each part and its name, such as <c>down_blocks.0</c>, while the network runs. The tensor
    /// lives as long as the call: copy what is to be kept.
    /// </summary>
    public Action<string, Tensor>? Observer { get; set; }

    /// <summary>Predicts the noise (or what the model was trained to predict).</summary>
    /// <param name="sample">(B, in_channels, h, w); h and w need not be multiples of anything</param>
    /// <param name="timestep">(B), (1) or a scalar, whole or fractional</param>
    /// <param name="conditions">The text, and what else steers it</param>
    /// <returns>(B, out_channels, h, w)</returns>
    public override Tensor forward(Tensor sample, Tensor timestep, UNetConditions conditions)
    {
        using var scope = NewDisposeScope();
        var encoder_hidden_states = conditions.EncoderHiddenStates;

        // 1. time, and what is added to it
        var temb = conditionEmbedding.Embed(sample, timestep, conditions, Observer); // (B, time_embed_dim)

        // 2. down
        var hidden = Observed("conv_in", conv_in.call(sample)); // (B, block_out_channels[0], h, w)
        var skips = new Stack<Tensor>([hidden]);
        for (var index = 0; index < down_blocks.Count; index++)
        {
            hidden = Observed($"down_blocks.{index}", down_blocks[index].call(hidden, temb, encoder_hidden_states, skips));
        }

        // 3. middle
        hidden = mid_block is null
            ? hidden.alias() // the last skip is freed for itself
            : Observed("mid_block", mid_block.call(hidden, temb, encoder_hidden_states)); // (B, block_out_channels[^1], h', w')

        // 4. what a ControlNet adds
        if (conditions.Control is { } control)
        {
            skips = Add(control.Down, skips);
            hidden += control.Mid;
        }

        // 5. up
        for (var index = 0; index < up_blocks.Count; index++)
        {
            using var below = hidden;
            hidden = Observed($"up_blocks.{index}", up_blocks[index].call(below, temb, encoder_hidden_states, skips));
        }

        // 6. out
        using var normed = Observed("conv_norm_out", conv_norm_out.call(hidden)); // (B, block_out_channels[0], h, w)
        return scope.MoveToOuter(conv_out.call(silu(normed, inplace: !is_grad_enabled())));
    }

    /// <summary>
    /// The guidance scale as <see cref="UNetConditions.TimestepCond"/>, for models distilled to take it as an input
    /// (https://arxiv.org/abs/2310.04378); null for all others.
    /// </summary>
    /// <returns>(1, time_cond_proj_dim) on the CPU, single precision</returns>
    public Tensor? EmbedGuidance(double guidanceScale)
    {
        if (Config.TimeCondProjDim is not { } channels)
        {
            return null;
        }

        using var scaled = tensor([(float)((guidanceScale - 1) * 1000)]);
        return new Timesteps(channels, flipSinToCos: false, freqShift: 1).Embed(scaled);
    }

    /// <summary>Each skip with its residual added, freeing what they were.</summary>
    private static Stack<Tensor> Add(IReadOnlyList<Tensor> residuals, Stack<Tensor> skips)
    {
        if (residuals.Count != skips.Count)
        {
            throw new ArgumentException($"{residuals.Count} control residuals for a U-Net of {skips.Count} skips.", nameof(residuals));
        }

        var sums = new Stack<Tensor>();
        foreach (var (skip, residual) in skips.Reverse().Zip(residuals))
        {
            using (skip)
            {
                sums.Push(skip + residual);
            }
        }

        return sums;
    }

    private Tensor Observed(string name, Tensor output)
    {
        Observer?.Invoke(name, output);
        return output;
    }
}
