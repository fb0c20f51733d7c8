using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>Takes some prompts of a batch away, so that one network learns to draw with and without (Ho and Salimans 2022).</summary>
public static class PromptDropout
{
    /// <summary>Which prompts to take away, (B) bool, each with the given probability.</summary>
    public static Tensor Draw(long count, double probability, Generator generator)
    {
        using var drawn = rand([count], dtype: ScalarType.Float32, generator: generator);
        return drawn.lt(probability);
    }

    /// <summary>The empty prompt in place of those taken away.</summary>
    /// <param name="inputIds">(B, T) int64</param>
    /// <param name="emptyIds">(1, T) int64</param>
    /// <param name="dropped">(B) bool</param>
    /// <returns>(B, T) int64</returns>
    public static Tensor Apply(Tensor inputIds, Tensor emptyIds, Tensor dropped)
    {
        using var rows = dropped.unsqueeze(-1);
        return where(rows, emptyIds, inputIds);
    }
}
