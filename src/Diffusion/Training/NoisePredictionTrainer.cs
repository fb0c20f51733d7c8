using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Trains a U-Net, or what is attached to it, to tell the noise in noisy latents at time steps drawn at random. Its batches
/// hold some empty prompts, so that one network is conditional and unconditional (Ho and Salimans 2022).
/// </summary>
/// <param name="loss">Of the network.</param>
/// <param name="trained">The weights that learn; they stay the caller's.</param>
/// <param name="options">Of the optimization.</param>
public sealed class NoisePredictionTrainer(NoisePredictionLoss loss, IEnumerable<Parameter> trained, OptimizationOptions options)
{
    private readonly IReadOnlyList<Parameter> parameters = [.. trained];

    /// <summary>How long the weights are averaged over; the averages are what is left in the network.</summary>
    public EmaOptions Ema { get; init; } = new() { Decay = 0.999 };

    /// <summary>
    /// Above 1, later time steps are drawn more often: t becomes s·t / (1 + (s − 1)·t/T) (Esser et al. 2024, eq. 23). Where
    /// neighbouring latents are alike it takes more noise to hide a shape, so that what a picture shows is decided late.
    /// </summary>
    public double TimestepShift { get; init; } = 1;

    /// <summary>Trains on latents with their text embeddings.</summary>
    /// <param name="batches">A step's latents, (B, C, h, w) of unit variance, and embeddings, (B, T, cross_attention_dim).</param>
    /// <param name="seed">Of the draws of time steps and noise.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    public void Run(Func<int, (Tensor Latents, Tensor Embeddings)> batches, ulong seed, IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        using var generator = new Generator(seed);
        using var optimization = new Optimization(parameters, options);
        using var average = new ExponentialMovingAverage(parameters, Ema);
        optimization.Run("unet", Losses, progress, average.Update, cancellationToken);
        average.CopyToParameters();

        IReadOnlyList<Func<Tensor>> Losses(int step)
        {
            var (latents, embeddings) = batches(step);
            var timesteps = Shift(randint(loss.Schedule.NumTrainTimesteps, [latents.shape[0]], dtype: ScalarType.Int64, generator: generator));
            var noise = randn(latents.shape, dtype: ScalarType.Float32, generator: generator);
            var batch = new NoisePredictionBatch(latents, noise, timesteps, embeddings);
            return [.. batch.Chunk(options.Parts).Select(part => new Func<Tensor>(() => loss.Of(part)))];
        }
    }

    private Tensor Shift(Tensor timesteps)
    {
        var t = timesteps.to(ScalarType.Float64);
        return (t * TimestepShift / (1 + t * ((TimestepShift - 1) / loss.Schedule.NumTrainTimesteps))).floor().to(ScalarType.Int64);
    }
}
