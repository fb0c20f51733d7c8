using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Safetensors;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>
/// A LoRA file, memory-mapped: low-rank updates to layers of a U-Net and of text encoders, by kohya, PEFT or diffusers. Opening
/// reads the keys alone. Dispose it when no more merges are to be made from it; merges that were made stay.
/// </summary>
public sealed class LoraFile : IDisposable
{
    private readonly SafetensorsFile file;

    private LoraFile(SafetensorsFile file)
    {
        this.file = file;
        Layers = LoraLayers.Of(file);
    }

    /// <summary>Where it lies.</summary>
    public string Path => file.Path;

    /// <summary>What it holds.</summary>
    internal IReadOnlyList<LoraLayer> Layers { get; }

    /// <summary>Opens a safetensors file.</summary>
    /// <exception cref="InvalidModelException">It is missing, a pickle, damaged, or another kind of adapter; the message says which.</exception>
    public static LoraFile Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new LoraException(path, "there is no such file");
        }

        if (Pickle.IsOne(path))
        {
            throw new LoraException(path, Pickle.Refusal("it"));
        }

        var file = new SafetensorsFile(path);
        try
        {
            return new LoraFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
