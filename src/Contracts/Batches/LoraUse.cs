using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Batches;

/// <summary>A LoRA that a request asks for.</summary>
public sealed record LoraUse
{
    /// <summary>Its name, as GET /v1/adapters?kind=lora lists it.</summary>
    public string? Name { get; init; }

    /// <summary>-10 … 10, 1 by default: how much of it is added.</summary>
    [Range(-10.0, 10.0)]
    public double? Weight { get; init; }
}
