namespace StableDiffusion.Diffusion;

/// <summary>A model folder or file that cannot be used as it is. Trying again does not help; another file or setting does.</summary>
public abstract class InvalidModelException : Exception
{
    private protected InvalidModelException(string file, string message, Exception? inner = null)
        : base(message, inner) => File = file;

    /// <summary>The file or folder at fault.</summary>
    public string File { get; }
}
