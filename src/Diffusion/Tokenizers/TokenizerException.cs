namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>A tokenizer folder in which something is missing or wrong.</summary>
public sealed class TokenizerException : InvalidModelException
{
    internal TokenizerException(string path, string problem, Exception? inner = null)
        : base(path, $"{path}: {problem}", inner)
    {
    }
}
