using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A U-Net's config.json, with diffusers' names and defaults.</summary>
public sealed record UNet2DConditionConfig : UNetEncoderConfig, ICheckedConfig
{
    /// <summary>The latents' height and width that it was trained at; null where the file does not say.</summary>
    public int? SampleSize { get; init; }

    /// <summary>Channels of the prediction.</summary>
    public int OutChannels { get; init; } = 4;

    /// <summary>What each level is on the way up, from the lowest resolution.</summary>
    public IReadOnlyList<string> UpBlockTypes { get; init; } =
        [nameof(UpBlock2D), nameof(CrossAttnUpBlock2D), nameof(CrossAttnUpBlock2D), nameof(CrossAttnUpBlock2D)];

    /// <summary>Transformer blocks on the way up, from the lowest resolution, where they are not those of the way down.</summary>
    public LayerDepths? ReverseTransformerLayersPerBlock { get; init; }

    /// <summary>Channels of the embedded guidance scale, in models distilled to take it as an input (LCM), else null.</summary>
    public int? TimeCondProjDim { get; init; }

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = SupportedWith(
        ("_class_name", ["\"UNet2DConditionModel\""]),
        ("attention_type", ["\"default\""]),
        ("center_input_sample", ["false"]),
        ("class_embeddings_concat", ["false"]),
        ("conv_in_kernel", ["3"]),
        ("conv_out_kernel", ["3"]),
        ("cross_attention_norm", ["null"]),
        ("dropout", ["0.0", "0"]),
        ("dual_cross_attention", ["false"]),
        ("mid_block_only_cross_attention", ["null", "false"]),
        ("mid_block_type", [.. MidBlockTypes, "null"]),
        ("resnet_out_scale_factor", ["1.0", "1"]),
        ("resnet_skip_time_act", ["false"]),
        ("time_embedding_act_fn", ["null"]),
        ("time_embedding_dim", ["null"]),
        ("time_embedding_type", ["\"positional\""]),
        ("timestep_post_act", ["null"]),
        ("up_block_types", ["\"CrossAttnUpBlock2D\"", "\"UpBlock2D\""]));

    /// <inheritdoc/>
    public override IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        foreach (var contradiction in Positive.Broken(("out_channels", OutChannels), ("sample_size", SampleSize ?? 1)).Concat(base.Contradictions()))
        {
            yield return contradiction;
        }

        var levels = BlockOutChannels.Count;
        if (UpBlockTypes.Count != levels)
        {
            yield return ("up_block_types", $"{UpBlockTypes.Count} long", $"as many as block_out_channels, {levels}");
        }

        if (ReverseTransformerLayersPerBlock is not { } up)
        {
            if (TransformerLayersPerBlock.Levels.Any(layers => layers.Count > 1))
            {
                yield return ("reverse_transformer_layers_per_block", "null", "a list, where transformer_layers_per_block differs within a level");
            }
        }
        else if (!Fits(up, index => LayersPerBlock[levels - 1 - index] + 1))
        {
            yield return ("reverse_transformer_layers_per_block", $"{up}", $"one number from 0, or for each of the {levels} levels one or as many as layers_per_block and one more");
        }

        if (TimeCondProjDim is < 1)
        {
            yield return ("time_cond_proj_dim", $"{TimeCondProjDim}", "null or above 0");
        }
    }

    /// <summary>Transformer blocks on the way up at a level, counted as on the way down, after the residual block of that index.</summary>
    internal int UpDepth(int level, int layer) => ReverseTransformerLayersPerBlock is { } up
        ? up[BlockOutChannels.Count - 1 - level, layer]
        : TransformerLayersPerBlock[level, layer];
}
