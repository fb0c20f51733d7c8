using static TorchSharp.torch;

// the names are diffusers'; that Visual Basic keeps "Step" for itself does not matter here
#pragma warning disable CA1716
// no sampler has a finalizer that Dispose would have to stop
#pragma warning disable CA1816

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>
/// The verbs that all samplers share, with diffusers' names. Where diffusers looks a time step up in its list, a step is told
/// here by its index in <see cref="Timesteps"/>, which stays plain where a method visits a time step twice. An instance belongs
/// to one run of one group of samples: multistep methods remember what they saw.
/// </summary>
public interface IScheduler : IDisposable
{
    /// <summary>The times the network is asked at, from noise to picture, as it takes them; empty before <see cref="SetTimesteps"/>.</summary>
    IReadOnlyList<double> Timesteps { get; }

    /// <summary>Entries of <see cref="Timesteps"/> that one step of what was asked for has: 2 with methods that ask the network twice a step.
    /// Image-to-image, which leaves steps out, starts at index <c>left out · Order</c>.</summary>
    int Order => 1;

    /// <summary>Standard deviation that the first sample is to have. Known after <see cref="SetTimesteps"/>.</summary>
    double InitNoiseSigma => 1;

    /// <summary>Lays out the times for a run and forgets the run before.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one step, or more than the noise schedule can be cut into.</exception>
    void SetTimesteps(int numInferenceSteps);

    /// <summary>The sample as the network wants to see it at a step. Same shape; owned by the caller's dispose scope.</summary>
    Tensor ScaleModelInput(Tensor sample, int step) => sample.alias();

    /// <summary>One step towards the picture: from the sample at <paramref name="step"/> to the one at the next, of the same shape
    /// (B, C, H, W), owned by the caller's dispose scope.</summary>
    /// <param name="modelOutput">What the network said about the scaled sample.</param>
    /// <param name="step">Index into <see cref="Timesteps"/>; a run takes them in order, from any start.</param>
    /// <param name="sample">The sample that the step starts from, unscaled.</param>
    /// <param name="options">What a request may set; a method ignores what is not its own.</param>
    /// <param name="noise">Where a method that adds noise draws it.</param>
    Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise);

    /// <summary>A clean sample as it would be at <paramref name="step"/>: the start of image-to-image. Owned by the caller's scope.</summary>
    Tensor AddNoise(Tensor originalSamples, Tensor noise, int step);

    /// <summary>Lets go of what a method remembers between steps; most remember nothing.</summary>
    void IDisposable.Dispose()
    {
    }
}
