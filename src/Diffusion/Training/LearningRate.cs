namespace StableDiffusion.Diffusion.Training;

/// <summary>What the learning rate is multiplied with, step by step, as diffusers' <c>get_scheduler</c> of the same name.</summary>
public static class LearningRate
{
    /// <summary>The factor before an optimizer step.</summary>
    /// <param name="schedule">Its shape.</param>
    /// <param name="step">Optimizer steps done before this one.</param>
    /// <param name="warmupSteps">Steps of the rise in a line from 0; none where the rate is constant.</param>
    /// <param name="steps">Steps in all, where it falls to 0.</param>
    public static double Factor(LearningRateSchedule schedule, int step, int warmupSteps, int steps)
    {
        if (schedule == LearningRateSchedule.Constant)
            return 1;
        if (step < warmupSteps)
            return (double)step / Math.Max(1, warmupSteps);
        var progress = (double)(step - warmupSteps) / Math.Max(1, steps - warmupSteps);
        return schedule switch
        {
            LearningRateSchedule.ConstantWithWarmup => 1,
            LearningRateSchedule.Linear => Math.Max(0, 1 - progress),
            _ => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))), // Loshchilov and Hutter 2017
        };
    }
}
