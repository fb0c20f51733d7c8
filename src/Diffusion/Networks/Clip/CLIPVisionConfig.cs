namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>The sizes of CLIP's picture encoder, with transformers' names and defaults.</summary>
public sealed record CLIPVisionConfig : CLIPEncoderConfig
{
    /// <inheritdoc/>
    public override int HiddenSize { get; init; } = 768;

    /// <inheritdoc/>
    public override int IntermediateSize { get; init; } = 3072;

    /// <inheritdoc/>
    public override int NumAttentionHeads { get; init; } = 12;

    /// <summary>Channels of a picture.</summary>
    public int NumChannels { get; init; } = 3;

    /// <summary>Height and width of a picture in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Height and width in pixels of the patches that become tokens.</summary>
    public int PatchSize { get; init; } = 32;

    /// <summary>Tokens of a picture: one for the whole and one a patch.</summary>
    internal int Positions => ImageSize / PatchSize * (ImageSize / PatchSize) + 1;

    /// <inheritdoc/>
    public override IEnumerable<(string Field, string Value, string Rule)> Contradictions() =>
        PatchSize >= 1 && ImageSize >= PatchSize ? base.Contradictions()
            : base.Contradictions().Append(("patch_size", $"{PatchSize}", $"from 1 to image_size {ImageSize}"));
}
