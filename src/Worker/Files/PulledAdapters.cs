using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Worker.Adapters;

namespace StableDiffusion.Worker.Files;

/// <summary>Sees that the adapters of images are here before they are drawn.</summary>
public sealed class PulledAdapters(PulledFiles files, HeldAdapters held, AdapterWatch watch)
{
    /// <summary>Brings those here that are registered and not here, and keeps all that were pulled from being dropped until the result is disposed. What is neither
    /// here nor registered is left for the one who reads it to complain of.</summary>
    /// <exception cref="Storage.ObjectStoreException">The store is away, or has not what the index says.</exception>
    /// <exception cref="IOException">They do not fit on the disk or into the cache.</exception>
    public async Task<IDisposable> HoldAsync(IEnumerable<ImageSettings> images, CancellationToken cancellationToken)
    {
        var wanted = images.SelectMany(Of).ToHashSet();
        if (wanted.Count == 0)
        {
            return FileHold.None;
        }

        var hold = await files.HoldAsync(wanted, cancellationToken).ConfigureAwait(false);
        if (hold != FileHold.None && !wanted.IsSubsetOf(held.All.Select(adapter => (adapter.Kind, adapter.Hash))))
        {
            await watch.LookAsync(cancellationToken).ConfigureAwait(false);
        }

        return hold;
    }

    private static IEnumerable<(AdapterKind Kind, string Hash)> Of(ImageSettings image)
    {
        var loras = (image.Loras ?? []).Select(lora => (AdapterKind.Lora, lora.Hash));
        var embeddings = (image.Embeddings ?? []).Select(embedding => (AdapterKind.Embedding, embedding.Hash));
        var controlNets = (image.ControlNets ?? []).Select(unit => (AdapterKind.Controlnet, unit.Hash));
        var all = loras.Concat(embeddings).Concat(controlNets);
        return image.Vae is { } vae ? all.Append((AdapterKind.Vae, vae.Hash)) : all;
    }
}
