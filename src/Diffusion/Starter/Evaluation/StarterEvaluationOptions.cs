namespace StableDiffusion.Diffusion.Starter.Evaluation;

/// <summary>What an evaluation draws, and how; the defaults are the farm's own.</summary>
public sealed record StarterEvaluationOptions
{
    /// <summary>The model folder.</summary>
    public string Folder { get; init; } = Path.Combine("models", "starter");

    /// <summary>The classifier's folder.</summary>
    public string ClassifierFolder { get; init; } = Path.Combine("models", "starter-classifier");

    /// <summary>Prompts, each with a seed of its own.</summary>
    public int Count { get; init; } = 200;

    /// <summary>Denoising steps.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Classifier-free guidance; null is what the model recommends.</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>A diffusers class name; null is the model's own scheduler.</summary>
    public string? Scheduler { get; init; }
}
