using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>Cross-entropy of finding each caption's picture and each picture's caption among a batch (Radford et al. 2021).</summary>
public static class ContrastiveLoss
{
    /// <param name="logits">(B, B): how alike every text and every picture are; those that belong together on the diagonal</param>
    /// <returns>A scalar</returns>
    public static Tensor Of(Tensor logits)
    {
        var own = arange(logits.shape[0], dtype: ScalarType.Int64, device: logits.device);
        return (cross_entropy(logits, own) + cross_entropy(logits.t(), own)) * 0.5;
    }
}
