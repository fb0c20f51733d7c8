using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>How a network's weights are optimized: AdamW (Loshchilov and Hutter 2019) at a learning rate that follows a schedule.</summary>
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

    /// <summary>
    /// Equal parts of a step's samples that are computed one after another, for batches that do not fit into memory; each is
    /// parted into the shards. The step is that of the whole batch.
    /// </summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>The highest learning rate, reached after the warm-up.</summary>
    public required double LearningRate { get; init; }

    /// <summary>How the learning rate goes.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>Steps until the learning rate is at its highest.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>AdamW's decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Adam's memory of squared gradients.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Longer gradients (L2, over all weights) are scaled down to this; none where it is infinite.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Parts that a step's samples are computed in.</summary>
    internal int Parts => BatchSize % (Shards * AccumulationSteps) == 0
        ? Shards * AccumulationSteps
        : throw new InvalidOperationException($"A batch of {BatchSize} does not part into {AccumulationSteps} times {Shards} equal shards.");

    /// <summary>The losses of a step's parts: <paramref name="loss"/> of each part of the step's tensors, cut along their first dimension.</summary>
    internal IReadOnlyList<Func<Tensor>> Shard(IReadOnlyList<Tensor> batch, Func<IReadOnlyList<Tensor>, Tensor> loss)
    {
        var parts = batch.Select(tensor => tensor.chunk(Parts)).ToList();
        return [.. Enumerable.Range(0, Parts).Select(i => new Func<Tensor>(() => loss([.. parts.Select(part => part[i])])))];
    }
}
