using StableDiffusion.Diffusion.Memory;

namespace StableDiffusion.Worker.Rendering;

/// <summary>What an image's bytes depend on besides its settings and the model's weights.</summary>
public sealed record RenderEnvironment
{
    /// <summary>Version and commit of this project's diffusion library.</summary>
    public required string Diffusion { get; init; }

    /// <summary>Version of libtorch.</summary>
    public required string Torch { get; init; }

    /// <summary>The library behind libtorch's matrix products, by file name: "libopenblasp-r0.3.21.so".</summary>
    public required string Blas { get; init; }

    /// <summary>.NET's version: its zlib packs the PNG.</summary>
    public required string Runtime { get; init; }

    /// <summary>"cpu", "cuda:0".</summary>
    public required string Device { get; init; }

    /// <summary>The processor's or GPU's model: kernels are chosen by it.</summary>
    public required string Hardware { get; init; }

    /// <summary>Type of weights and activations: "float32", "float16", "bfloat16".</summary>
    public required string Dtype { get; init; }

    /// <summary>Threads of a CPU operation: sums are split among them.</summary>
    public required int Threads { get; init; }

    /// <summary>How memory is spent: large pictures go through the VAE in tiles.</summary>
    public MemoryOptions? Memory { get; init; }
}
