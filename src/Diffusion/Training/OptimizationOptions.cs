using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>How a network's weights are optimized: AdamW (Loshchilov and Hutter 2019) with warm-up and cosine decay.</summary>
public sealed record OptimizationOptions
{
    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Samples a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>
    /// Equal parts of a step's samples that are computed at the same time, each on one thread: small networks use two cores
    /// so, where their operators by themselves are too small to be shared out.
    /// </summary>
    public int Shards { get; init; } = 1;

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

    /// <summary>The losses of a step's shards: <paramref name="loss"/> of each part of the step's tensors, cut along their first dimension.</summary>
    internal IReadOnlyList<Func<Tensor>> Shard(IReadOnlyList<Tensor> batch, Func<IReadOnlyList<Tensor>, Tensor> loss)
    {
        if (BatchSize % Shards != 0)
            throw new InvalidOperationException($"A batch of {BatchSize} does not part into {Shards} equal shards.");
        var parts = batch.Select(tensor => tensor.chunk(Shards)).ToList();
        return [.. Enumerable.Range(0, Shards).Select(i => new Func<Tensor>(() => loss([.. parts.Select(part => part[i])])))];
    }
}
