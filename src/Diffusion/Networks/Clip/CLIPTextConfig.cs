using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>A CLIP text encoder's config.json, with transformers' names and defaults.</summary>
public sealed record CLIPTextConfig : ICheckedConfig
{
    /// <summary>Tokens in the vocabulary.</summary>
    public int VocabSize { get; init; } = 49408;

    /// <summary>Channels of a token's embedding.</summary>
    public int HiddenSize { get; init; } = 512;

    /// <summary>Channels inside each layer's MLP.</summary>
    public int IntermediateSize { get; init; } = 2048;

    /// <summary>Channels of the space shared with pictures.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>Transformer layers.</summary>
    public int NumHiddenLayers { get; init; } = 12;

    /// <summary>Attention heads in each layer.</summary>
    public int NumAttentionHeads { get; init; } = 8;

    /// <summary>The longest prompt in tokens, start and end included.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    /// <summary>The MLP's activation: quick_gelu (OpenAI's CLIP) or gelu (OpenCLIP).</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    /// <summary>Added to the variance in layer norms.</summary>
    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>The end-of-text token, where the pooled output is taken; 2 in old files means the highest id of the prompt.</summary>
    public int EosTokenId { get; init; } = 49407;

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["architectures"] = ["\"CLIPTextModel\"", "\"CLIPTextModelWithProjection\""],
        ["hidden_act"] = ["\"quick_gelu\"", "\"gelu\""],
        ["attention_dropout"] = ["0.0", "0"],
    };

    /// <inheritdoc/>
    public IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        if (NumAttentionHeads < 1 || HiddenSize % NumAttentionHeads != 0)
        {
            yield return ("num_attention_heads", $"{NumAttentionHeads}", $"divisors of hidden_size {HiddenSize}");
        }
    }
}
