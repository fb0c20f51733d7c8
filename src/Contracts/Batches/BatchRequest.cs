namespace StableDiffusion.Contracts.Batches;

/// <summary>Body of POST /v1/batches (JSON, snake_case). Images are every prompt with every seed, prompts outermost.</summary>
public sealed record BatchRequest
{
    /// <summary>The model's name; may be left out when live workers hold just one.</summary>
    public string? Model { get; init; }

    /// <summary>At least one prompt, none empty. A single <c>prompt</c> may stand instead.</summary>
    public IReadOnlyList<string>? Prompts { get; init; }

    /// <summary>Short for a list of one.</summary>
    public string? Prompt { get; init; }

    /// <summary>What to steer away from.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>First seed; each prompt takes seed, seed+1, … Random when absent or -1; then resolved and stored at submission.</summary>
    public long? Seed { get; init; }

    /// <summary>Seeds one by one, instead of <c>seed</c> and <c>n_iter</c>.</summary>
    public IReadOnlyList<long>? Seeds { get; init; }

    /// <summary>Images per prompt (A1111's batch count), 1 by default.</summary>
    public int? NIter { get; init; }

    /// <summary>1 … 150, 20 by default.</summary>
    public int? Steps { get; init; }

    /// <summary>0 … 30; by default what the model recommends, mostly 7.</summary>
    public double? CfgScale { get; init; }

    /// <summary>Pixels, a multiple of the model's VAE factor; the model's own size by default.</summary>
    public int? Width { get; init; }

    /// <summary>Pixels, a multiple of the model's VAE factor; the model's own size by default.</summary>
    public int? Height { get; init; }

    /// <summary>A1111's sampler name; the model's own by default.</summary>
    public string? SamplerName { get; init; }
}
