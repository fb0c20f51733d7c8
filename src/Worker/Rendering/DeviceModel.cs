using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion.Checkpoints;

namespace StableDiffusion.Worker.Rendering;

/// <summary>A model that was loaded, and what was found out about it then.</summary>
internal sealed record DeviceModel(StableDiffusionModel Model, ModelDescription Description) : IDisposable
{
    public string Name => Description.Name;

    public void Dispose() => Model.Dispose();
}
