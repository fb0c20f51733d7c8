using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Worker.Rendering;

/// <summary>Images that share a network call: of one model and of the same size, steps, guidance scale and sampler.</summary>
/// <param name="Model">A model that the renderer loaded.</param>
/// <param name="Images">At least one.</param>
public sealed record RenderGroup(string Model, IReadOnlyList<ImageSettings> Images)
{
    /// <summary>Called once when the group's turn has come, on the device's thread: it must not block.</summary>
    public Action Started { get; init; } = () => { };

    /// <summary>Called after each step with the number of steps done, on the device's thread: it must not block.</summary>
    public Action<int> StepDone { get; init; } = _ => { };
}

/// <summary>A group's pictures.</summary>
/// <param name="Pictures">One for each image, in their order.</param>
/// <param name="NetworkTime">How long the device was at work for the group.</param>
public sealed record RenderedGroup(IReadOnlyList<Picture> Pictures, TimeSpan NetworkTime);
