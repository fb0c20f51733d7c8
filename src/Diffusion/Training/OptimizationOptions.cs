namespace StableDiffusion.Diffusion.Training;

/// <summary>How a network's weights are optimized: AdamW (Loshchilov and Hutter 2019) with warm-up and cosine decay.</summary>
public sealed record OptimizationOptions
{
    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Samples a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The highest learning rate, reached after the warm-up.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Steps until the learning rate is at its highest.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>AdamW's decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Adam's memory of squared gradients.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Longer gradients (L2, over all weights) are scaled down to this.</summary>
    public double MaxGradNorm { get; init; } = 1;
}
