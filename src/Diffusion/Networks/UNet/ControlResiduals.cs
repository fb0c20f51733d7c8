using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>What a ControlNet adds to a U-Net (https://arxiv.org/abs/2302.05543). The tensors belong to the caller's dispose scope.</summary>
/// <param name="Down">(B, C, H, W) each: one for every skip, from conv_in's to the lowest level's.</param>
/// <param name="Mid">(B, C, h', w'), for the middle block's output.</param>
public sealed record ControlResiduals(IReadOnlyList<Tensor> Down, Tensor Mid)
{
    /// <summary>What two ControlNets add together.</summary>
    public ControlResiduals Plus(ControlResiduals other) =>
        new([.. Down.Zip(other.Down, (one, another) => one + another)], Mid + other.Mid);
}
