using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>What a U-Net learns from in a step.</summary>
/// <param name="Latents">x₀, (B, C, h, w) of unit variance.</param>
/// <param name="Noise">ε, (B, C, h, w).</param>
/// <param name="Timesteps">(B) int64.</param>
/// <param name="Embeddings">(B, T, cross_attention_dim).</param>
public sealed record NoisePredictionBatch(Tensor Latents, Tensor Noise, Tensor Timesteps, Tensor Embeddings)
{
    /// <summary>Equal parts of it, in order.</summary>
    public IReadOnlyList<NoisePredictionBatch> Chunk(int parts)
    {
        var (latents, noise, timesteps, embeddings) = (Latents.chunk(parts), Noise.chunk(parts), Timesteps.chunk(parts), Embeddings.chunk(parts));
        return [.. Enumerable.Range(0, parts).Select(i => new NoisePredictionBatch(latents[i], noise[i], timesteps[i], embeddings[i]))];
    }
}
