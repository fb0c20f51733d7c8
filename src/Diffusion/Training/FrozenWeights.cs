using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Holds a network's weights still while something attached to it learns: they get no gradients, which saves the memory of
/// what they would be computed from. Disposing it lets go of those that it held.
/// </summary>
public sealed class FrozenWeights : IDisposable
{
    private readonly IReadOnlyList<Parameter> held;

    /// <summary>Freezes all weights of a network, which stays the caller's.</summary>
    public FrozenWeights(nn.Module network)
    {
        held = [.. network.parameters().Where(parameter => parameter.requires_grad)];
        Set(requiresGrad: false);
    }

    /// <inheritdoc/>
    public void Dispose() => Set(requiresGrad: true);

    private void Set(bool requiresGrad)
    {
        foreach (var parameter in held)
            parameter.requires_grad_(requiresGrad);
    }
}
