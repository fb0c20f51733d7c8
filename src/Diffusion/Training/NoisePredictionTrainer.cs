using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Trains a U-Net to tell the noise in noisy latents, ‖ε − ε_θ(√ᾱ_t·x₀ + √(1−ᾱ_t)·ε, t, c)‖² (Ho et al. 2020, Rombach et
/// al. 2022). Its batches hold some empty prompts, so that one network is conditional and unconditional (Ho and Salimans
/// 2022).
/// </summary>
public sealed class NoisePredictionTrainer(UNet2DConditionModel unet, NoiseSchedule schedule, OptimizationOptions options)
{
    /// <summary>How long the weights are averaged over; the averages are what is left in the network.</summary>
    public double EmaDecay { get; init; } = 0.999;

    /// <summary>
    /// Above 1, later time steps are drawn more often: t becomes s·t / (1 + (s − 1)·t/T) (Esser et al. 2024, eq. 23). Where
    /// neighbouring latents are alike it takes more noise to hide a shape, so that what a picture shows is decided late.
    /// </summary>
    public double TimestepShift { get; init; } = 1;

    /// <summary>What the network is asked for: ε, or v = √ᾱ_t·ε − √(1 − ᾱ_t)·x₀ (Salimans and Ho 2022).</summary>
    public PredictionType PredictionType { get; init; } = PredictionType.Epsilon;

    /// <summary>Trains on latents with their text embeddings.</summary>
    /// <param name="batches">A step's latents, (B, C, h, w) of unit variance, and embeddings, (B, T, cross_attention_dim).</param>
    /// <param name="seed">Of the draws of time steps and noise.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    public void Run(Func<int, (Tensor Latents, Tensor Embeddings)> batches, ulong seed, IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        using var generator = new Generator(seed);
        using var optimization = new Optimization(unet.parameters(), options);
        using var average = new ExponentialMovingAverage(unet.parameters(), EmaDecay);
        optimization.Run("unet", Losses, progress, average.Update, cancellationToken);
        average.CopyToParameters();

        IReadOnlyList<Func<Tensor>> Losses(int step)
        {
            var (latents, embeddings) = batches(step);
            var timesteps = Shift(randint(schedule.NumTrainTimesteps, [latents.shape[0]], dtype: ScalarType.Int64, generator: generator));
            var noise = randn(latents.shape, dtype: ScalarType.Float32, generator: generator);
            return options.Shard([latents, noise, timesteps, embeddings], shard => Loss(shard[0], shard[1], shard[2], shard[3]));
        }
    }

    /// <summary>The loss of a batch, a scalar.</summary>
    /// <param name="latents">x₀, (B, C, h, w)</param>
    /// <param name="noise">ε, (B, C, h, w)</param>
    /// <param name="timesteps">(B) int64</param>
    /// <param name="embeddings">(B, T, cross_attention_dim)</param>
    public Tensor Loss(Tensor latents, Tensor noise, Tensor timesteps, Tensor embeddings) =>
        mse_loss(unet.call(schedule.AddNoise(latents, noise, timesteps), timesteps, new UNetConditions(embeddings)), PredictionType switch
        {
            PredictionType.Epsilon => noise,
            PredictionType.VPrediction => schedule.GetVelocity(latents, noise, timesteps),
            _ => throw new NotSupportedException($"Training does not predict {PredictionType}."),
        });

    private Tensor Shift(Tensor timesteps)
    {
        var t = timesteps.to(ScalarType.Float64);
        return (t * TimestepShift / (1 + t * ((TimestepShift - 1) / schedule.NumTrainTimesteps))).floor().to(ScalarType.Int64);
    }
}
