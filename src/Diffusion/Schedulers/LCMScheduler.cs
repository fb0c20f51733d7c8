using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Multistep sampling of latent consistency models: each call jumps to the picture, and noise takes it back to the next time
/// (Luo et al. 2023; Song et al. 2023, algorithm 1; diffusers' LCMScheduler). Image-to-image leaves out steps at the start, as diffusers'
/// StableDiffusionImg2ImgPipeline does.</summary>
public sealed class LCMScheduler : IScheduler
{
    private readonly NoiseSchedule schedule;
    private readonly DistilledTimesteps distilled;
    private readonly PredictionType prediction;
    private readonly SampleLimit limit;
    private readonly double timestepScaling;
    private double[] timesteps = [];

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public LCMScheduler(SchedulerConfig config)
    {
        schedule = NoiseSchedule.Read(config, 0.00085, 0.012, "scaled_linear");
        schedule = config.Flag("rescale_betas_zero_snr", false) ? schedule.WithZeroTerminalSnr() : schedule;
        distilled = new DistilledTimesteps(config, schedule.NumTrainTimesteps);
        prediction = Predictions.Read(config);
        limit = SampleLimit.Read(config, clipSample: false);
        timestepScaling = config.Number("timestep_scaling", 10);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => timesteps;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps) => timesteps = distilled.Lay(numInferenceSteps);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        var original = limit.Apply(prediction.OriginalSample(modelOutput, sample, Level(step)));

        // the boundary condition: at time 0 the answer is the sample itself
        const double SigmaData = 0.5;
        double scaled = timesteps[step] * timestepScaling, square = (scaled * scaled) + (SigmaData * SigmaData);
        var denoised = (original * (scaled / Math.Sqrt(square))) + (sample * (SigmaData * SigmaData / square));

        bool last = step == timesteps.Length - 1;
        var previous = last ? denoised : Level(step + 1).AddNoise(denoised, noise.Draw(sample.shape, sample.device));
        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => Level(step).AddNoise(originalSamples, noise);

    private NoiseLevel Level(int step) => schedule.Level(timesteps[step]);
}
