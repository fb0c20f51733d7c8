using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>
/// What the configs of a U-Net and of its ControlNets have in common: the way down and the middle, with diffusers' names and
/// defaults. Levels count from the latents' resolution down.
/// </summary>
public abstract record UNetEncoderConfig
{
    /// <summary>The one <see cref="AdditionEmbedType"/> that is built.</summary>
    internal const string TextTime = "text_time";

    /// <summary>What <see cref="MidBlockType"/> may say in configs of both kinds, as JSON.</summary>
    private protected static readonly string[] MidBlockTypes = [$"\"{nameof(UNetMidBlock2DCrossAttn)}\"", $"\"{nameof(UNetMidBlock2D)}\""];

    /// <summary>Channels going in: the latents', and what an in-painting model gets beside them.</summary>
    public int InChannels { get; init; } = 4;

    /// <summary>Whether the time embedding has its cosines before its sines.</summary>
    public bool FlipSinToCos { get; init; } = true;

    /// <summary>Shifts the time embedding's frequencies.</summary>
    public double FreqShift { get; init; }

    /// <summary>What each level is on the way down.</summary>
    public IReadOnlyList<string> DownBlockTypes { get; init; } =
        [nameof(CrossAttnDownBlock2D), nameof(CrossAttnDownBlock2D), nameof(CrossAttnDownBlock2D), nameof(DownBlock2D)];

    /// <summary>What the bottom is; null, for a U-Net that has none.</summary>
    public string? MidBlockType { get; init; } = nameof(UNetMidBlock2DCrossAttn);

    /// <summary>Channels at each level.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [320, 640, 1280, 1280];

    /// <summary>Residual blocks per level on the way down; one more on the way up.</summary>
    public PerLevel LayersPerBlock { get; init; } = 2;

    /// <summary>Transformer blocks after each residual block; the middle has as many as the lowest level's first.</summary>
    public LayerDepths TransformerLayersPerBlock { get; init; } = 1;

    /// <summary>Channels of the text embedding.</summary>
    public int CrossAttentionDim { get; init; } = 1280;

    /// <summary>
    /// The number of attention heads, although the field says otherwise: an early mix-up that published configs keep
    /// (https://github.com/huggingface/diffusers/issues/2011).
    /// </summary>
    public PerLevel AttentionHeadDim { get; init; } = 8;

    /// <summary>The number of attention heads under its true name, which wins where given.</summary>
    public PerLevel? NumAttentionHeads { get; init; }

    /// <summary>Whether transformers project by linear layers (SD 2.x, XL) and not by 1×1 convolutions.</summary>
    public bool UseLinearProjection { get; init; }

    /// <summary>Groups of the group norms.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>Added to the variance in the residual blocks' group norms.</summary>
    public double NormEps { get; init; } = 1e-5;

    /// <summary><c>text_time</c> where pooled text and sizes are added to the time embedding (SDXL), else null.</summary>
    public string? AdditionEmbedType { get; init; }

    /// <summary>Channels of each embedded size of <see cref="AddedConditions.TimeIds"/>.</summary>
    public int? AdditionTimeEmbedDim { get; init; }

    /// <summary>Channels of the pooled text and all embedded sizes together.</summary>
    public int? ProjectionClassEmbeddingsInputDim { get; init; }

    /// <summary>Channels of the time embedding.</summary>
    internal int TimeEmbedDim => BlockOutChannels[0] * 4;

    /// <summary>Attention heads at each level.</summary>
    internal PerLevel Heads => NumAttentionHeads ?? AttentionHeadDim;

    /// <summary>What the fields that are not read may say, in configs of both kinds.</summary>
    private protected static Dictionary<string, string[]> SupportedWith(params (string Field, string[] Values)[] own)
    {
        var supported = new Dictionary<string, string[]>
        {
            ["act_fn"] = ["\"silu\""],
            ["addition_embed_type"] = ["null", $"\"{TextTime}\""],
            ["class_embed_type"] = ["null"],
            ["down_block_types"] = ["\"CrossAttnDownBlock2D\"", "\"DownBlock2D\""],
            ["downsample_padding"] = ["1"],
            ["encoder_hid_dim"] = ["null"],
            ["encoder_hid_dim_type"] = ["null"],
            ["mid_block_scale_factor"] = ["1", "1.0"],
            ["num_class_embeds"] = ["null"],
            ["only_cross_attention"] = ["false"],
            ["resnet_time_scale_shift"] = ["\"default\""],
        };
        foreach (var (field, values) in own)
        {
            supported[field] = values;
        }

        return supported;
    }

    /// <inheritdoc cref="ICheckedConfig.Contradictions"/>
    public virtual IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        foreach (var broken in Positive.Broken(("in_channels", InChannels), ("cross_attention_dim", CrossAttentionDim)))
        {
            yield return broken;
        }

        var levels = BlockOutChannels.Count;
        if (levels == 0 || BlockOutChannels.Any(channels => NormNumGroups < 1 || channels < 1 || channels % NormNumGroups != 0))
        {
            yield return ("block_out_channels", $"[{string.Join(", ", BlockOutChannels)}]", $"a list of multiples of norm_num_groups {NormNumGroups}");
        }

        if (DownBlockTypes.Count != levels)
        {
            yield return ("down_block_types", $"{DownBlockTypes.Count} long", $"as many as block_out_channels, {levels}");
        }

        var heads = NumAttentionHeads is null ? "attention_head_dim" : "num_attention_heads";
        foreach (var (field, value) in new[] { ("layers_per_block", LayersPerBlock), (heads, Heads) })
        {
            if ((value.Values.Count != 1 && value.Values.Count != levels) || value.Values.Any(number => number < 1))
            {
                yield return (field, $"{value}", $"one positive number, or one for each of the {levels} levels");
            }
        }

        for (var level = 0; level < levels; level++)
        {
            if (BlockOutChannels[level] % Heads[level] != 0)
            {
                yield return (heads, $"{Heads}", $"numbers of heads that divide block_out_channels [{string.Join(", ", BlockOutChannels)}]");
            }
        }

        if (!Fits(TransformerLayersPerBlock, level => LayersPerBlock[level]))
        {
            yield return ("transformer_layers_per_block", $"{TransformerLayersPerBlock}", $"one number from 0, or for each of the {levels} levels one or as many as layers_per_block {LayersPerBlock}");
        }

        if (AdditionEmbedType == TextTime && (AdditionTimeEmbedDim is not > 0 || ProjectionClassEmbeddingsInputDim is not > 0))
        {
            yield return ("addition_embed_type", TextTime, "null, or with addition_time_embed_dim and projection_class_embeddings_input_dim, both above 0");
        }
    }

    /// <summary>Whether depths are given for all levels at once or for each, and there for all layers at once or for each.</summary>
    private protected bool Fits(LayerDepths depths, Func<int, int> layersAt) =>
        (depths.Levels.Count == 1 || depths.Levels.Count == BlockOutChannels.Count)
        && depths.Levels.Index().All(level => (level.Item.Count == 1 || level.Item.Count == layersAt(level.Index)) && level.Item.All(depth => depth >= 0));
}
