using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>
/// Runs a VAE in the type of its weights, and in single precision where float16 is too narrow for it: known before
/// (<see cref="AutoencoderKLConfig.ForceUpcast"/> with SDXL), or seen afterwards in values that are no finite numbers. The weights go to
/// single precision and back without loss, so a picture stays the same whatever came before it.
/// </summary>
internal static class SafePrecision
{
    /// <param name="vae">Its weights are as before when this returns.</param>
    /// <param name="upcast">Whether float16 is known to be too narrow.</param>
    /// <param name="input">Single precision.</param>
    /// <param name="network">A direction of the VAE.</param>
    /// <returns>The output in single precision, in the caller's scope.</returns>
    public static Tensor Run(AutoencoderKL vae, bool upcast, Tensor input, Func<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        var own = vae.parameters().First().dtype;
        bool half = own == ScalarType.Float16;
        if (!half || !upcast)
        {
            var output = network(input.to(own)).to(ScalarType.Float32);
            if (!half || output.isfinite().all().item<bool>())
            {
                return scope.MoveToOuter(output);
            }
        }

        try
        {
            vae.to(ScalarType.Float32); // within: memory may run out halfway
            return scope.MoveToOuter(network(input));
        }
        finally
        {
            vae.to(own);
        }
    }
}
