using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>Activations between the layers, in place where no gradient will ask for what they overwrite.</summary>
internal static class Activations
{
    /// <summary>conv(silu(norm(x))), keeping the result alone.</summary>
    public static Tensor NormSiluConv(GroupNorm norm, Conv2d conv, Tensor x)
    {
        using var normed = norm.call(x); // (B, C, H, W)
        using var active = silu(normed, inplace: !is_grad_enabled());
        return conv.call(active);
    }

    /// <summary>x · sigmoid(1.702 x), the gelu that OpenAI's CLIP was trained with (https://arxiv.org/abs/1606.08415).</summary>
    public static Tensor QuickGelu(Tensor x)
    {
        using var gate = (x * 1.702).sigmoid();
        return x * gate;
    }
}
