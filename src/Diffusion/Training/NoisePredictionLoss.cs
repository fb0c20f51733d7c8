using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// How far a U-Net is from telling the noise in noisy latents, ‖ε − ε_θ(√ᾱ_t·x₀ + √(1−ᾱ_t)·ε, t, c)‖² (Ho et al. 2020,
/// Rombach et al. 2022). In single precision, whatever the network computes in.
/// </summary>
public sealed class NoisePredictionLoss(UNet2DConditionModel unet, NoiseSchedule schedule)
{
    /// <summary>What the network is asked for: ε, or v = √ᾱ_t·ε − √(1 − ᾱ_t)·x₀ (Salimans and Ho 2022).</summary>
    public PredictionType PredictionType { get; init; } = PredictionType.Epsilon;

    /// <summary>Where given, caps what time steps with little noise weigh (https://arxiv.org/abs/2303.09556 uses 5).</summary>
    public double? MinSnrGamma { get; init; }

    /// <summary>The network.</summary>
    public UNet2DConditionModel UNet => unet;

    /// <summary>How noise is added.</summary>
    public NoiseSchedule Schedule => schedule;

    /// <summary>The loss of a batch, a scalar.</summary>
    public Tensor Of(NoisePredictionBatch batch) => MinSnrGamma is null ? mse_loss(Predict(batch), Target(batch)) : PerImage(batch).mean();

    /// <summary>
    /// The loss of a subject's pictures with that of pictures of its class beside it, which keeps the class as it was
    /// (DreamBooth, https://arxiv.org/abs/2208.12242, section 3.2); a scalar.
    /// </summary>
    public Tensor WithPrior(NoisePredictionBatch subject, NoisePredictionBatch prior, double priorWeight) => Of(subject) + priorWeight * Of(prior);

    /// <summary>The losses of a batch's pictures, (B).</summary>
    public Tensor PerImage(NoisePredictionBatch batch)
    {
        var losses = (Predict(batch) - Target(batch)).pow(2).flatten(1).mean([1]);
        return MinSnrGamma is { } gamma ? losses * MinSnrWeights(schedule, batch.Timesteps, gamma, PredictionType).to(losses.device) : losses;
    }

    /// <summary>ᾱ_t/(1 − ᾱ_t), (B) in double precision on the CPU: the signal's share of a noisy sample over the noise's.</summary>
    public static Tensor SignalToNoise(NoiseSchedule schedule, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var alphas = tensor(schedule.AlphasCumprod.Select(alpha => (double)alpha).ToArray()).index_select(0, timesteps.cpu());
        return scope.MoveToOuter(alphas / (1 - alphas));
    }

    /// <summary>min(SNR, γ)/SNR for ε, min(SNR, γ)/(SNR + 1) for v, (B) in single precision on the CPU.</summary>
    public static Tensor MinSnrWeights(NoiseSchedule schedule, Tensor timesteps, double gamma, PredictionType predictionType)
    {
        using var scope = NewDisposeScope();
        var snr = SignalToNoise(schedule, timesteps);
        var weights = predictionType switch
        {
            PredictionType.Epsilon => (gamma / snr).clamp(max: 1), // 1 where nothing is left of the signal
            PredictionType.VPrediction => snr.clamp(max: gamma) / (snr + 1),
            _ => throw Unsupported(predictionType),
        };
        return scope.MoveToOuter(weights.to(ScalarType.Float32));
    }

    private static NotSupportedException Unsupported(PredictionType predictionType) => new($"Training does not predict {predictionType}.");

    private Tensor Predict(NoisePredictionBatch batch) =>
        unet.call(schedule.AddNoise(batch.Latents, batch.Noise, batch.Timesteps), batch.Timesteps, new UNetConditions(batch.Embeddings))
            .to(ScalarType.Float32);

    private Tensor Target(NoisePredictionBatch batch)
    {
        var target = PredictionType switch
        {
            PredictionType.Epsilon => batch.Noise,
            PredictionType.VPrediction => schedule.GetVelocity(batch.Latents, batch.Noise, batch.Timesteps),
            _ => throw Unsupported(PredictionType),
        };
        return target.to(ScalarType.Float32);
    }
}
