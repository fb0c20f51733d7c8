using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Models;

/// <summary>The models the farm knows, and which of them live workers hold.</summary>
public sealed class ModelCatalog(FarmDb db, WorkerRegister workers)
{
    /// <summary>All of them by name.</summary>
    public Task<List<ModelResponse>> ListAsync(CancellationToken cancellationToken)
    {
        var live = workers.Live;
        return db.Models.OrderBy(model => model.Name).Select(model => new ModelResponse
        {
            Name = model.Name,
            Hash = model.Hash,
            VaeScaleFactor = model.VaeScaleFactor,
            DefaultSize = model.DefaultSize,
            DefaultCfgScale = model.DefaultCfgScale,
            DefaultSampler = model.DefaultSampler,
            Family = model.Family,
            Inpainting = model.Inpainting,
            BatchClass = model.BatchClass,
            Live = live.Any(worker => worker.Models.Contains(model.Name)),
        }).ToListAsync(cancellationToken);
    }

    /// <summary>Models that live workers found and could not load.</summary>
    public async Task<IReadOnlyList<ModelFault>> FaultsAsync(CancellationToken cancellationToken) =>
        [.. (await workers.Live.Select(worker => worker.Faults).ToListAsync(cancellationToken)).SelectMany(faults => faults)];
}
