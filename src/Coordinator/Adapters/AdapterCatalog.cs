using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Adapters;

/// <summary>The LoRAs, embeddings, VAEs and ControlNets that the farm knows, and which of them live workers hold.</summary>
public sealed class AdapterCatalog(FarmDb db, WorkerRegister workers)
{
    /// <summary>All of a kind, or all, by kind and name.</summary>
    public async Task<List<AdapterResponse>> ListAsync(AdapterKind? kind, CancellationToken cancellationToken)
    {
        var held = (await workers.Live.Select(worker => worker.Adapters).ToListAsync(cancellationToken)).SelectMany(keys => keys).ToHashSet();
        return (await KnownAsync(kind, cancellationToken)).ConvertAll(adapter => new AdapterResponse
        {
            Kind = adapter.Kind,
            Name = adapter.Name,
            Hash = adapter.Hash,
            Live = held.Contains(Adapter.Key(adapter)),
        });
    }

    /// <summary>As <see cref="ListAsync"/>, without asking who holds them.</summary>
    public async Task<List<AdapterDescription>> KnownAsync(AdapterKind? kind, CancellationToken cancellationToken)
    {
        var known = await db.Adapters.Where(adapter => kind == null || adapter.Kind == kind)
            .Select(adapter => new AdapterDescription { Kind = adapter.Kind, Name = adapter.Name, Hash = adapter.Hash }).ToListAsync(cancellationToken);
        var files = await db.Files.Where(file => file.State == FileState.Ready && file.Kind != FileKind.Checkpoint).Select(file => new { file.Kind, file.Name, file.Sha256 }).ToListAsync(cancellationToken);
        var registered = files.Select(file => new AdapterDescription { Kind = file.Kind.Adapter()!.Value, Name = file.Name, Hash = file.Sha256! })
            .Where(file => kind == null || file.Kind == kind);
        // what is registered wins over what a worker has of its own under that name
        return [.. registered.Concat(known).DistinctBy(adapter => (adapter.Kind, adapter.Name))
            .OrderBy(adapter => adapter.Kind).ThenBy(adapter => adapter.Name, StringComparer.Ordinal)];
    }
}
