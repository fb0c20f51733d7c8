namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>A scheduler that lays out noise levels σ, the noise beside a picture of one. Some hold a sample as x₀ + σ·ε and scale it for the
/// network; the solvers in log-SNR hold it as the network sees it, divided by √(σ² + 1).</summary>
public interface ISigmaScheduler : IScheduler
{
    /// <summary>σ at each step, highest first, and the one behind the last; empty before <see cref="IScheduler.SetTimesteps"/>.</summary>
    IReadOnlyList<float> Sigmas { get; }
}
