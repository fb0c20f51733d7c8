using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Networks.ControlNet;

/// <summary>A ControlNet's config.json, with diffusers' names and defaults.</summary>
public sealed record ControlNetConfig : UNetEncoderConfig, ICheckedConfig
{
    private const string Bgr = "bgr";

    /// <summary>Channels of the picture that controls.</summary>
    public int ConditioningChannels { get; init; } = 3;

    /// <summary>Channels on that picture's way to the latents' size, which it halves at each but the first.</summary>
    public IReadOnlyList<int> ConditioningEmbeddingOutChannels { get; init; } = [16, 32, 96, 256];

    /// <summary>The order of colours that it was trained with, rgb or bgr. Callers always give rgb.</summary>
    public string ControlnetConditioningChannelOrder { get; init; } = "rgb";

    /// <summary>Whether its residuals are averaged over the picture, as one that knows of a picture's contents alone was trained.</summary>
    public bool GlobalPoolConditions { get; init; }

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = SupportedWith(
        ("_class_name", ["\"ControlNetModel\""]),
        ("controlnet_conditioning_channel_order", ["\"rgb\"", $"\"{Bgr}\""]),
        ("mid_block_type", MidBlockTypes));

    /// <summary>Pixels of the control picture per latent, in height and in width.</summary>
    internal int PixelsPerLatent => 1 << (ConditioningEmbeddingOutChannels.Count - 1);

    internal bool IsBgr => ControlnetConditioningChannelOrder == Bgr;

    /// <inheritdoc/>
    public override IEnumerable<(string Field, string Value, string Rule)> Contradictions() =>
    [
        .. base.Contradictions(),
        .. Positive.Broken([("conditioning_channels", ConditioningChannels), .. ConditioningEmbeddingOutChannels.Select(channels => ("conditioning_embedding_out_channels", channels))]),
        .. ConditioningEmbeddingOutChannels.Count > 0 ? Array.Empty<(string, string, string)>() : [("conditioning_embedding_out_channels", "[]", "a list of channels")],
    ];
}
