using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Goes on where another model stopped (<see cref="GenerationRequest.DenoisingEnd"/>), as SDXL's refiner does from the base's latents
/// ("ensemble of expert denoisers", Podell et al. 2023, section 2.5). No noise is added.</summary>
public sealed record Continuation
{
    /// <summary>For each of the request's images (1, C, h, w), all of one shape, as noisy as they were left. They stay the caller's, until the last
    /// picture is drawn.</summary>
    public required IReadOnlyList<Tensor> Latents { get; init; }

    /// <summary>Share of the time that is behind them, between 0 and 1 (<c>denoising_start</c>): the other model's <c>denoising_end</c>.</summary>
    public required double DenoisingStart { get; init; }
}
