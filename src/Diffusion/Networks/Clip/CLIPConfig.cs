using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>The config.json of a CLIP with both its encoders, with transformers' names and defaults.</summary>
public sealed record CLIPConfig : ICheckedConfig
{
    /// <summary>The text encoder's sizes; its own projection_dim does not count.</summary>
    public CLIPTextConfig TextConfig { get; init; } = new();

    /// <summary>The picture encoder's sizes; its own projection_dim does not count.</summary>
    public CLIPVisionConfig VisionConfig { get; init; } = new();

    /// <summary>Channels of the space shared by texts and pictures.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>Where training starts the logarithm of what similarities are multiplied with.</summary>
    public double LogitScaleInitValue { get; init; } = 2.6592;

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["architectures"] = ["\"CLIPModel\""],
        ["model_type"] = ["\"clip\""],
    };

    /// <inheritdoc/>
    public IEnumerable<(string Field, string Value, string Rule)> Contradictions() =>
    [
        .. TextConfig.Contradictions().Select(found => found with { Field = $"text_config.{found.Field}" }),
        .. VisionConfig.Contradictions().Select(found => found with { Field = $"vision_config.{found.Field}" }),
    ];
}
