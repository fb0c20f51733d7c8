using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A ControlNet (Zhang et al. 2023) and the picture that it holds the drawing to.</summary>
public sealed record ControlInput
{
    /// <summary>Stays the caller's, until the last picture is drawn; on the model's device.</summary>
    public required ControlNetModel Network { get; init; }

    /// <summary>What it looks at: edges, depths, poses, as it was trained. Brought to the drawn size with Lanczos' filter; alpha is dropped.</summary>
    public required Picture Image { get; init; }

    /// <summary>How much it has to say (<c>controlnet_conditioning_scale</c>).</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Share of the steps before it begins (<c>control_guidance_start</c>), 0 … 1.</summary>
    public double Start { get; init; }

    /// <summary>Share of the steps after which it ends (<c>control_guidance_end</c>), 0 … 1.</summary>
    public double End { get; init; } = 1;
}
