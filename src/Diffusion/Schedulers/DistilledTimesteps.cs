namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The times of models that were distilled from a sampler with a fixed number of steps (LCM, TCD): a run visits some of those
/// steps, evenly from the noisy end.</summary>
internal sealed class DistilledTimesteps
{
    private readonly int originalSteps, stride;

    /// <param name="config">Reads original_inference_steps.</param>
    /// <param name="trainSteps">Time steps in training.</param>
    public DistilledTimesteps(SchedulerConfig config, int trainSteps)
    {
        originalSteps = config.Whole("original_inference_steps", 50, least: 1);
        stride = originalSteps <= trainSteps ? trainSteps / originalSteps : throw config.Unsupported("original_inference_steps", $"1 … {trainSteps}");
    }

    /// <summary>Whole times, latest first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More steps than the model was distilled from.</exception>
    public double[] Lay(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        if (steps > originalSteps)
        {
            throw new ArgumentOutOfRangeException(
                nameof(steps), steps, $"The model was distilled from {originalSteps} steps (original_inference_steps); take no more.");
        }

        return [.. Enumerable.Range(0, steps).Select(i => (double)(((originalSteps - (int)(i * ((double)originalSteps / steps))) * stride) - 1))];
    }
}
