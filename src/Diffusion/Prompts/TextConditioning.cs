using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>What a text says to the U-Net. The tensors belong to the reader that made them.</summary>
/// <param name="Context">(1, T, D) for cross-attention; T is a multiple of the encoder's tokens.</param>
/// <param name="Pooled">(1, P), the text as a whole, for SDXL; null for other models.</param>
public sealed record TextConditioning(Tensor Context, Tensor? Pooled = null)
{
    /// <summary>The same sizes, saying nothing.</summary>
    internal TextConditioning Zeros() => new(zeros_like(Context), Pooled is null ? null : zeros_like(Pooled));

    /// <summary>The same tensors, out of the current dispose scope.</summary>
    internal TextConditioning Detach() => new(Context.DetachFromDisposeScope(), Pooled?.DetachFromDisposeScope());

    internal void Dispose()
    {
        Context.Dispose();
        Pooled?.Dispose();
    }
}
