using StableDiffusion.Contracts.Files;
using StableDiffusion.Diffusion.Checkpoints;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Files;

/// <summary>What of a registered checkpoint a worker needs.</summary>
internal static class CheckpointParts
{
    /// <summary>Of a folder, one variant of each network's weights, and all that is no weights; of a file, it and all that lies beside it.</summary>
    public static IReadOnlyList<FilePart> Needed(IndexedFile checkpoint, ScalarType dtype)
    {
        var folder = checkpoint.Name + "/";
        if (checkpoint.Parts.Any(part => part.Path == checkpoint.Name + FileName.Weights))
        {
            return checkpoint.Parts;
        }

        var needed = NeededWeights.Of(checkpoint.Parts.Select(part => part.Path[folder.Length..]), dtype).Select(path => folder + path).ToHashSet(StringComparer.Ordinal);
        return [.. checkpoint.Parts.Where(part => needed.Contains(part.Path))];
    }
}
