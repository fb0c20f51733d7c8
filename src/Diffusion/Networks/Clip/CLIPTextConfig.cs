using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>A CLIP text encoder's config.json, with transformers' names and defaults.</summary>
public sealed record CLIPTextConfig : CLIPEncoderConfig, ICheckedConfig
{
    /// <summary>Tokens in the vocabulary.</summary>
    public int VocabSize { get; init; } = 49408;

    /// <inheritdoc/>
    public override int HiddenSize { get; init; } = 512;

    /// <inheritdoc/>
    public override int IntermediateSize { get; init; } = 2048;

    /// <inheritdoc/>
    public override int NumAttentionHeads { get; init; } = 8;

    /// <summary>The longest prompt in tokens, start and end included.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    /// <summary>The end-of-text token, where the pooled output is taken; 2 in old files means the highest id of the prompt.</summary>
    public int EosTokenId { get; init; } = 49407;

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["architectures"] = ["\"CLIPTextModel\"", "\"CLIPTextModelWithProjection\""],
        ["attention_dropout"] = ["0.0", "0"],
    };

    /// <inheritdoc/>
    public override IEnumerable<(string Field, string Value, string Rule)> Contradictions() =>
        base.Contradictions().Concat(Positive.Broken(("vocab_size", VocabSize), ("max_position_embeddings", MaxPositionEmbeddings)));
}
