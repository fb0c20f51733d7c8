using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Batches;

/// <summary>A control image that a request asks to follow, with the field names of A1111's ControlNet extension.</summary>
public sealed record ControlNetUnit
{
    /// <summary>The ControlNet's name, as GET /v1/adapters?kind=controlnet lists it.</summary>
    public string? Model { get; init; }

    /// <summary>The control image as the network wants it (edges, a pose, depth), brought to the picture's size.</summary>
    public string? Image { get; init; }

    /// <summary>0 … 2, 1 by default: how much of what it says is added.</summary>
    [Range(0.0, 2.0)]
    public double? Weight { get; init; }

    /// <summary>0 … 1, 0 by default: from which share of the steps on.</summary>
    [Range(0.0, 1.0)]
    public double? GuidanceStart { get; init; }

    /// <summary>0 … 1, 1 by default: up to which share of the steps.</summary>
    [Range(0.0, 1.0)]
    public double? GuidanceEnd { get; init; }

    /// <summary>"Balanced" by default, or "ControlNet is more important" (diffusers' guess mode); the same in all units.</summary>
    public string? ControlMode { get; init; }
}
