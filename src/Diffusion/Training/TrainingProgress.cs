namespace StableDiffusion.Diffusion.Training;

/// <summary>Where a training stands.</summary>
/// <param name="Stage">What is being trained, such as <c>vae</c>.</param>
/// <param name="Step">Optimizer steps done, from 1.</param>
/// <param name="Steps">Optimizer steps in all.</param>
/// <param name="Loss">This step's loss.</param>
public sealed record TrainingProgress(string Stage, int Step, int Steps, double Loss);
