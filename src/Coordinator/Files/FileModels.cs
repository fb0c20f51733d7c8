using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Files.Checks;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Makes registered checkpoints known as models, so that requests may name what no worker holds yet.</summary>
public sealed class FileModels(FarmDb db, CheckpointSketch sketch, TimeProvider time)
{
    /// <summary>A checkpoint is ready, and new or another than before: it is a model from now on.</summary>
    public async Task ReadyAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        if (file.Kind != FileKind.Checkpoint)
        {
            return;
        }

        var model = await sketch.OfAsync(file, cancellationToken);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO models (name, hash, vae_scale_factor, default_size, default_cfg_scale, default_sampler, family, inpainting, batch_class, reported_at)
            VALUES ({model.Name}, {model.Hash}, {model.VaeScaleFactor}, {model.DefaultSize}, {model.DefaultCfgScale}, {model.DefaultSampler},
                {StateNames<ModelFamily>.Name(model.Family)}, {model.Inpainting}, {model.BatchClass}, {time.GetUtcNow()})
            ON CONFLICT (name) DO UPDATE SET
                hash = excluded.hash, vae_scale_factor = excluded.vae_scale_factor, default_size = excluded.default_size,
                default_cfg_scale = excluded.default_cfg_scale, default_sampler = excluded.default_sampler,
                family = excluded.family, inpainting = excluded.inpainting, batch_class = excluded.batch_class, reported_at = excluded.reported_at
            """, cancellationToken);
    }

    /// <summary>A file is gone: requests may no longer name it, unless a worker has it of its own and says so again.</summary>
    public async Task RemovedAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        if (file.Kind.Adapter() is { } kind)
        {
            await db.Adapters.Where(adapter => adapter.Kind == kind && adapter.Name == file.Name && adapter.Hash == file.Sha256).ExecuteDeleteAsync(cancellationToken);
        }
        else
        {
            await db.Models.Where(model => model.Name == file.Name).ExecuteDeleteAsync(cancellationToken);
        }
    }
}
