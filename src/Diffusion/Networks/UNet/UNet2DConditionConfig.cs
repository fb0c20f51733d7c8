using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A U-Net's config.json, with diffusers' names and defaults. Levels count from the latents' resolution down.</summary>
public sealed record UNet2DConditionConfig : ICheckedConfig
{
    /// <summary>The latents' height and width that it was trained at; null where the file does not say.</summary>
    public int? SampleSize { get; init; }

    /// <summary>Channels going in: the latents', and what an in-painting model gets beside them.</summary>
    public int InChannels { get; init; } = 4;

    /// <summary>Channels of the prediction.</summary>
    public int OutChannels { get; init; } = 4;

    /// <summary>Whether the time embedding has its cosines before its sines.</summary>
    public bool FlipSinToCos { get; init; } = true;

    /// <summary>Shifts the time embedding's frequencies.</summary>
    public double FreqShift { get; init; }

    /// <summary>What each level is on the way down.</summary>
    public IReadOnlyList<string> DownBlockTypes { get; init; } =
        [nameof(CrossAttnDownBlock2D), nameof(CrossAttnDownBlock2D), nameof(CrossAttnDownBlock2D), nameof(DownBlock2D)];

    /// <summary>What each level is on the way up, from the lowest resolution.</summary>
    public IReadOnlyList<string> UpBlockTypes { get; init; } =
        [nameof(UpBlock2D), nameof(CrossAttnUpBlock2D), nameof(CrossAttnUpBlock2D), nameof(CrossAttnUpBlock2D)];

    /// <summary>Channels at each level.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [320, 640, 1280, 1280];

    /// <summary>Residual blocks per level on the way down; one more on the way up.</summary>
    public PerLevel LayersPerBlock { get; init; } = 2;

    /// <summary>Transformer blocks after each residual block.</summary>
    public PerLevel TransformerLayersPerBlock { get; init; } = 1;

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

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["_class_name"] = ["\"UNet2DConditionModel\""],
        ["act_fn"] = ["\"silu\""],
        ["addition_embed_type"] = ["null"],
        ["attention_type"] = ["\"default\""],
        ["center_input_sample"] = ["false"],
        ["class_embed_type"] = ["null"],
        ["class_embeddings_concat"] = ["false"],
        ["conv_in_kernel"] = ["3"],
        ["conv_out_kernel"] = ["3"],
        ["cross_attention_norm"] = ["null"],
        ["down_block_types"] = ["\"CrossAttnDownBlock2D\"", "\"DownBlock2D\""],
        ["downsample_padding"] = ["1"],
        ["dropout"] = ["0.0", "0"],
        ["dual_cross_attention"] = ["false"],
        ["encoder_hid_dim"] = ["null"],
        ["encoder_hid_dim_type"] = ["null"],
        ["mid_block_only_cross_attention"] = ["null", "false"],
        ["mid_block_scale_factor"] = ["1", "1.0"],
        ["mid_block_type"] = ["\"UNetMidBlock2DCrossAttn\""],
        ["num_class_embeds"] = ["null"],
        ["only_cross_attention"] = ["false"],
        ["resnet_out_scale_factor"] = ["1.0", "1"],
        ["resnet_skip_time_act"] = ["false"],
        ["resnet_time_scale_shift"] = ["\"default\""],
        ["reverse_transformer_layers_per_block"] = ["null"],
        ["time_cond_proj_dim"] = ["null"],
        ["time_embedding_act_fn"] = ["null"],
        ["time_embedding_dim"] = ["null"],
        ["time_embedding_type"] = ["\"positional\""],
        ["timestep_post_act"] = ["null"],
        ["up_block_types"] = ["\"CrossAttnUpBlock2D\"", "\"UpBlock2D\""],
    };

    /// <summary>Channels of the time embedding.</summary>
    internal int TimeEmbedDim => BlockOutChannels[0] * 4;

    /// <summary>Attention heads at each level.</summary>
    internal PerLevel Heads => NumAttentionHeads ?? AttentionHeadDim;

    /// <inheritdoc/>
    public IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        var levels = BlockOutChannels.Count;
        if (levels == 0 || BlockOutChannels.Any(channels => NormNumGroups < 1 || channels < 1 || channels % NormNumGroups != 0))
        {
            yield return ("block_out_channels", $"[{string.Join(", ", BlockOutChannels)}]", $"a list of multiples of norm_num_groups {NormNumGroups}");
        }

        foreach (var (field, count) in new[] { ("down_block_types", DownBlockTypes.Count), ("up_block_types", UpBlockTypes.Count) })
        {
            if (count != levels)
            {
                yield return (field, $"{count} long", $"as many as block_out_channels, {levels}");
            }
        }

        var heads = NumAttentionHeads is null ? "attention_head_dim" : "num_attention_heads";
        foreach (var (field, value) in new[] { ("layers_per_block", LayersPerBlock), ("transformer_layers_per_block", TransformerLayersPerBlock), (heads, Heads) })
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
    }
}
