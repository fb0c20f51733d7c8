namespace StableDiffusion.Diffusion.Adapters;

/// <summary>An embedding that cannot be read or does not fit the model.</summary>
public sealed class TextualInversionException : InvalidModelException
{
    internal TextualInversionException(string path, string problem)
        : base(path, $"{path}: {problem}")
    {
    }
}
