namespace StableDiffusion.Diffusion.Safetensors;

/// <summary>A safetensors file that is truncated, corrupt or holds what the format does not allow.</summary>
public sealed class SafetensorsException : InvalidModelException
{
    internal SafetensorsException(string file, string problem, Exception? inner = null)
        : base(file, $"{file}: {problem}", inner)
    {
    }

    internal SafetensorsException(string file, string tensor, string problem)
        : base(file, $"{file}: tensor '{tensor}': {problem}") => Tensor = tensor;

    /// <summary>The tensor at fault, or null where the file as a whole is.</summary>
    public string? Tensor { get; }
}
