using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>
/// Stable Diffusion 1.x, 2.x and XL (Rombach et al. 2022; Podell et al. 2023), from text, from a picture, through a mask, under
/// ControlNets, in one pass or two: what diffusers has a pipeline each for. A picture depends on its own prompt, seed and the request's
/// settings alone: it has a generator of its own on the CPU, whose draws come in diffusers' order, and whatever else is drawn with it,
/// the networks' calls have the same number of pictures (<see cref="GenerationRequest.BatchClass"/>), since kernels round otherwise for
/// another batch size. With one picture a call, and with more where <see cref="BatchClassProbe"/> allows it, the same request gives the
/// same bytes on the same machine, build and number of threads.
/// </summary>
/// <param name="model">Stays the caller's. Used by one thread at a time.</param>
/// <param name="memory">How memory is spent; null is the default.</param>
public sealed class StableDiffusionPipeline(StableDiffusionModel model, MemoryOptions? memory = null)
{
    private readonly LatentSpace space = new(model, memory ?? new MemoryOptions());

    /// <summary>Draws the request's pictures as the caller asks for them: in order, but those that share a call come together. Inputs are
    /// checked before this returns.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="onStep">Told of each picture after every denoising step, on the calling thread.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    /// <exception cref="ArgumentException">A field is out of range; the message names it.</exception>
    /// <exception cref="NotSupportedException">The scheduler is not built.</exception>
    /// <exception cref="InvalidModelException">The scheduler's configuration is not valid.</exception>
    /// <exception cref="DeviceOutOfMemoryException">While drawing: it takes more memory than there is. The next request finds it free again.</exception>
    public IEnumerable<GeneratedImage> Generate(GenerationRequest request, Action<DenoisingStep>? onStep = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return GenerationRun.Draw(new GenerationPlan(request, model), space, onStep, cancellationToken);
    }
}
