using StableDiffusion.Contracts.Files;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Files;

/// <summary>A model where it is loaded from. What was pulled of it stays in the cache until this is disposed.</summary>
/// <param name="Folder">The folder or file.</param>
/// <param name="Registered">What its content is registered as; null where nothing is registered under its name.</param>
/// <param name="Hold">Keeps what was pulled; null for a model of this worker's own.</param>
public sealed record FoundModel(ModelFolder Folder, IndexedFile? Registered, FileHold? Hold) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Hold?.Dispose();
}
