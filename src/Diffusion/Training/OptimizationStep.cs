namespace StableDiffusion.Diffusion.Training;

/// <summary>What an optimizer step saw.</summary>
/// <param name="Loss">The mean of its parts' losses, before the step.</param>
/// <param name="GradNorm">L2 over all gradients, before clipping.</param>
/// <param name="LearningRate">The rate that it took.</param>
public readonly record struct OptimizationStep(double Loss, double GradNorm, double LearningRate);
