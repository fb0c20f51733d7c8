using System.Text.Json.Serialization;

namespace StableDiffusion.Contracts.Models;

/// <summary>The architecture that a model was trained in; adapters fit one of them.</summary>
public enum ModelFamily
{
    /// <summary>Stable Diffusion 1.x.</summary>
    [JsonStringEnumMemberName("sd1")]
    Sd1,

    /// <summary>Stable Diffusion 2.x.</summary>
    [JsonStringEnumMemberName("sd2")]
    Sd2,

    /// <summary>Stable Diffusion XL.</summary>
    [JsonStringEnumMemberName("sdxl")]
    Sdxl,

    /// <summary>Stable Diffusion XL's refiner, which draws over pictures alone.</summary>
    [JsonStringEnumMemberName("refiner")]
    Refiner,
}
