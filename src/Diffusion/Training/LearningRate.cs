namespace StableDiffusion.Diffusion.Training;

/// <summary>What the learning rate is multiplied with, step by step.</summary>
public static class LearningRate
{
    /// <summary>
    /// Rises in a line from 0, then falls to 0 along half a cosine (Loshchilov and Hutter 2017); diffusers'
    /// <c>get_cosine_schedule_with_warmup</c>.
    /// </summary>
    /// <param name="step">Optimizer steps done before this one.</param>
    /// <param name="warmupSteps">Steps of the rise.</param>
    /// <param name="steps">Steps in all.</param>
    public static double CosineWithWarmup(int step, int warmupSteps, int steps)
    {
        if (step < warmupSteps)
            return (double)step / Math.Max(1, warmupSteps);
        var progress = (double)(step - warmupSteps) / Math.Max(1, steps - warmupSteps);
        return Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }
}
