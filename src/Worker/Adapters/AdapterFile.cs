using StableDiffusion.Contracts.Adapters;

namespace StableDiffusion.Worker.Adapters;

/// <summary>An adapter on disk.</summary>
/// <param name="Description">What the farm is told of it.</param>
/// <param name="Path">A safetensors file, or a folder in diffusers' layout; absolute.</param>
/// <param name="Files">All that it was hashed from, as it was then.</param>
public sealed record AdapterFile(AdapterDescription Description, string Path, IReadOnlyList<FileStamp> Files)
{
    /// <summary>False from when a file of it is written over or removed: then its hash no longer tells what lies there.</summary>
    public bool IsAsHashed => Files.All(file => FileStamp.Of(file.Path) == file);
}
