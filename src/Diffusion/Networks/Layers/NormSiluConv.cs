using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>The run of layers that the residual blocks and both ends of the VAE are made of.</summary>
internal static class NormSiluConv
{
    /// <summary>conv(silu(norm(x))), keeping the result alone; in place where no gradient will ask for what is overwritten.</summary>
    public static Tensor Call(GroupNorm norm, Conv2d conv, Tensor x)
    {
        using var normed = norm.call(x); // (B, C, H, W)
        using var active = silu(normed, inplace: !is_grad_enabled());
        return PictureConvolution.Call(conv, active);
    }
}
