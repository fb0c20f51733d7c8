namespace StableDiffusion.Diffusion.Adapters;

/// <summary>A LoRA file that cannot be read or does not fit the model.</summary>
public sealed class LoraException : InvalidModelException
{
    internal LoraException(string path, string problem, IReadOnlyList<string>? keys = null, Exception? inner = null)
        : base(path, $"{path}: {problem}{Listed(keys ?? [])}", inner) => Keys = keys ?? [];

    /// <summary>Every key or layer at fault, as the file names it; the message has the first of them.</summary>
    public IReadOnlyList<string> Keys { get; }

    private static string Listed(IReadOnlyList<string> keys)
    {
        const int Shown = 10;
        string more = keys.Count > Shown ? $" and {keys.Count - Shown} more" : "";
        return keys.Count == 0 ? "" : $" ({keys.Count}): {string.Join(", ", keys.Take(Shown))}{more}";
    }
}
