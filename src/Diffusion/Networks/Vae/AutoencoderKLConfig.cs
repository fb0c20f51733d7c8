using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>A VAE's config.json, with diffusers' names and defaults.</summary>
public sealed record AutoencoderKLConfig : ICheckedConfig
{
    /// <summary>Channels of a picture going in.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Channels of a picture coming out.</summary>
    public int OutChannels { get; init; } = 3;

    /// <summary>The encoder's levels, from the picture's resolution down.</summary>
    public IReadOnlyList<string> DownBlockTypes { get; init; } = ["DownEncoderBlock2D"];

    /// <summary>The decoder's levels, from the latents' resolution up.</summary>
    public IReadOnlyList<string> UpBlockTypes { get; init; } = ["UpDecoderBlock2D"];

    /// <summary>Channels at each level, from the picture's resolution down.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [64];

    /// <summary>Residual blocks per level of the encoder; the decoder has one more.</summary>
    public int LayersPerBlock { get; init; } = 1;

    /// <summary>Channels of the latents.</summary>
    public int LatentChannels { get; init; } = 4;

    /// <summary>Groups of the group norms.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>The size in pixels that it was trained at.</summary>
    public int SampleSize { get; init; } = 32;

    /// <summary>Latents times this have unit variance; the U-Net works on those.</summary>
    public double ScalingFactor { get; init; } = 0.18215;

    /// <summary>Whether half precision overflows in it, so that it wants single.</summary>
    public bool ForceUpcast { get; init; } = true;

    /// <summary>Whether the middle of encoder and decoder looks at all positions.</summary>
    public bool MidBlockAddAttention { get; init; } = true;

    /// <summary>Whether a convolution follows the encoder.</summary>
    public bool UseQuantConv { get; init; } = true;

    /// <summary>Whether a convolution leads to the decoder.</summary>
    public bool UsePostQuantConv { get; init; } = true;

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["_class_name"] = ["\"AutoencoderKL\""],
        ["act_fn"] = ["\"silu\""],
        ["down_block_types"] = ["\"DownEncoderBlock2D\""],
        ["up_block_types"] = ["\"UpDecoderBlock2D\""],
        ["latents_mean"] = ["null"],
        ["latents_std"] = ["null"],
        ["shift_factor"] = ["null", "0", "0.0"],
    };

    /// <inheritdoc/>
    public IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        foreach (var broken in Positive.Broken(("in_channels", InChannels), ("out_channels", OutChannels), ("latent_channels", LatentChannels), ("layers_per_block", LayersPerBlock), ("sample_size", SampleSize)))
        {
            yield return broken;
        }

        if (BlockOutChannels.Count == 0 || BlockOutChannels.Any(channels => NormNumGroups < 1 || channels < 1 || channels % NormNumGroups != 0))
        {
            yield return ("block_out_channels", $"[{string.Join(", ", BlockOutChannels)}]", $"a list of multiples of norm_num_groups {NormNumGroups}");
        }

        if (DownBlockTypes.Count != BlockOutChannels.Count)
        {
            yield return ("down_block_types", $"{DownBlockTypes.Count} long", $"as many as block_out_channels, {BlockOutChannels.Count}");
        }

        if (UpBlockTypes.Count != BlockOutChannels.Count)
        {
            yield return ("up_block_types", $"{UpBlockTypes.Count} long", $"as many as block_out_channels, {BlockOutChannels.Count}");
        }
    }
}
