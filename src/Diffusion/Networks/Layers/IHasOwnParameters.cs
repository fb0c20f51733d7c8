using TorchSharp.Modules;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>A module with weights that belong to no layer in it.</summary>
internal interface IHasOwnParameters
{
    /// <summary>Replaces such a weight and frees the old one.</summary>
    /// <param name="name">As in the checkpoint, within the module.</param>
    /// <param name="value">From now on the module's, and in no dispose scope.</param>
    void Set(string name, Parameter value);
}
