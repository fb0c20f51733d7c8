namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>A model folder or file in which something is missing or that holds what cannot be read.</summary>
public sealed class ModelFolderException : InvalidModelException
{
    internal ModelFolderException(string path, string problem, Exception? inner = null)
        : base(path, $"{path}: {problem}", inner)
    {
    }
}
