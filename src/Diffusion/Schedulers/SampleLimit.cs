using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Keeps a predicted x₀ in range: clipped, or by dynamic thresholding (Saharia et al. 2022, section 2.3). Both are for
/// models that work on pixels.</summary>
internal sealed class SampleLimit
{
    private bool clip, threshold;
    private double range, ratio, max;

    private SampleLimit()
    {
    }

    /// <summary>What a config says about both; thresholding comes before clipping.</summary>
    /// <param name="config">Reads clip_sample, clip_sample_range, thresholding, dynamic_thresholding_ratio and sample_max_value.</param>
    /// <param name="clipSample">Whether the scheduler's class clips when the config does not say.</param>
    public static SampleLimit Read(SchedulerConfig config, bool clipSample)
    {
        var (clipping, limit) = (ReadClipping(config, clipSample), ReadThresholding(config));
        (limit.clip, limit.range) = (clipping.clip, clipping.range);
        return limit;
    }

    /// <summary>For classes that clip and know no thresholding.</summary>
    public static SampleLimit ReadClipping(SchedulerConfig config, bool clipSample) =>
        new() { clip = config.Flag("clip_sample", clipSample), range = config.Number("clip_sample_range", 1) };

    /// <summary>For classes that know thresholding and do not clip.</summary>
    public static SampleLimit ReadThresholding(SchedulerConfig config) => new()
    {
        threshold = config.Flag("thresholding", false),
        ratio = config.Number("dynamic_thresholding_ratio", 0.995),
        max = config.Number("sample_max_value", 1),
    };

    /// <summary>Whether it does anything.</summary>
    public bool IsOn => clip || threshold;

    /// <summary>x₀ (B, …) within its limits, each sample for itself, in the current dispose scope.</summary>
    public Tensor Apply(Tensor original) => threshold ? Threshold(original) : clip ? original.clamp(-range, range) : original;

    /// <summary>Each sample is clipped at its own quantile s of |x₀|, where that is above 1, and divided by it.</summary>
    private Tensor Threshold(Tensor original)
    {
        var sorted = original.abs().flatten(1).sort(dim: 1).Values;
        double place = ratio * (sorted.shape[1] - 1);
        long below = (long)Math.Floor(place), above = Math.Min(below + 1, sorted.shape[1] - 1);
        var (low, high) = (sorted.select(1, below), sorted.select(1, above));
        var limit = (low + ((high - low) * (place - below))).clamp(1, max);
        limit = limit.reshape([-1, .. Enumerable.Repeat(1L, (int)original.dim() - 1)]);
        return original.minimum(limit).maximum(-limit) / limit;
    }
}
