using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>What the configs of CLIP's text and vision transformers have in common, with transformers' names and defaults.</summary>
public abstract record CLIPEncoderConfig
{
    /// <summary>Channels of a token's embedding.</summary>
    public abstract int HiddenSize { get; init; }

    /// <summary>Channels inside each layer's MLP.</summary>
    public abstract int IntermediateSize { get; init; }

    /// <summary>Attention heads in each layer.</summary>
    public abstract int NumAttentionHeads { get; init; }

    /// <summary>Channels of the space shared by texts and pictures.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>Transformer layers.</summary>
    public int NumHiddenLayers { get; init; } = 12;

    /// <summary>The MLP's activation: quick_gelu (OpenAI's CLIP) or gelu (OpenCLIP).</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    /// <summary>Added to the variance in layer norms.</summary>
    public double LayerNormEps { get; init; } = 1e-5;

    /// <inheritdoc cref="ICheckedConfig.Contradictions"/>
    public virtual IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        foreach (var broken in Positive.Broken(("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize), ("num_hidden_layers", NumHiddenLayers), ("projection_dim", ProjectionDim)))
        {
            yield return broken;
        }

        if (HiddenAct is not ("quick_gelu" or "gelu"))
        {
            yield return ("hidden_act", $"\"{HiddenAct}\"", "\"quick_gelu\", \"gelu\"");
        }

        if (NumAttentionHeads < 1 || HiddenSize % NumAttentionHeads != 0)
        {
            yield return ("num_attention_heads", $"{NumAttentionHeads}", $"divisors of hidden_size {HiddenSize}");
        }
    }
}
