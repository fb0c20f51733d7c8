namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>A scheduler that works in noise levels σ, where a sample is x₀ + σ·ε.</summary>
public interface ISigmaScheduler : IScheduler
{
    /// <summary>σ at each step, highest first, and the one behind the last; empty before <see cref="IScheduler.SetTimesteps"/>.</summary>
    IReadOnlyList<float> Sigmas { get; }
}
