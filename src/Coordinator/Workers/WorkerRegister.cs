using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Keeps what workers report of themselves, and renews the leases of what they hold.</summary>
public sealed class WorkerRegister(
    FarmDb db, ImageProgress progress, DispatchSignal dispatch, TimeProvider time, IOptions<WorkerOptions> options)
{
    /// <summary>Workers that reported lately and have not left.</summary>
    public IQueryable<Worker> Live
    {
        get
        {
            var since = time.GetUtcNow() - options.Value.LiveFor;
            return db.Workers.Where(worker => worker.LastSeenAt >= since && !worker.Leaving);
        }
    }

    /// <summary>Takes a report in. One older than what is known of its worker is dropped.</summary>
    public async Task ReportAsync(WorkerReported report, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var reportedAt = report.Timestamp.ToUniversalTime();
        var models = report.Models.Select(model => model.Name).ToList();
        var adapters = report.Adapters.Select(Adapter.Key).ToList();
        var faults = JsonSerializer.Serialize(report.Faults.Select(fault => fault with { Reason = fault.Reason.Storable() }));
        var taken = await db.Database.ExecuteSqlAsync($"""
            INSERT INTO workers (id, host, device, version, models, adapters, faults, loading, last_seen_at, reported_at, leaving)
            VALUES ({report.WorkerId}, {report.Host}, {report.Device}, {report.Version}, {models}, {adapters}, {faults}::jsonb, {report.Loading}, {now}, {reportedAt}, {report.Leaving})
            ON CONFLICT (id) DO UPDATE SET
                host = excluded.host, device = excluded.device, version = excluded.version, models = excluded.models,
                adapters = excluded.adapters,
                faults = excluded.faults, loading = excluded.loading,
                last_seen_at = excluded.last_seen_at, reported_at = excluded.reported_at, leaving = excluded.leaving
            WHERE workers.reported_at <= excluded.reported_at
            """, cancellationToken);
        if (taken == 0)
        {
            return;
        }

        foreach (var model in report.Models.OrderBy(model => model.Name, StringComparer.Ordinal)) // one order: no deadlock
        {
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO models (name, hash, vae_scale_factor, default_size, default_cfg_scale, default_sampler, family, inpainting, batch_class, reported_at)
                VALUES ({model.Name}, {model.Hash}, {model.VaeScaleFactor}, {model.DefaultSize}, {model.DefaultCfgScale}, {model.DefaultSampler}, {StateNames<ModelFamily>.Name(model.Family)}, {model.Inpainting}, {model.BatchClass}, {now})
                ON CONFLICT (name) DO UPDATE SET
                    hash = excluded.hash, vae_scale_factor = excluded.vae_scale_factor, default_size = excluded.default_size,
                    default_cfg_scale = excluded.default_cfg_scale, default_sampler = excluded.default_sampler,
                    family = excluded.family, inpainting = excluded.inpainting, batch_class = excluded.batch_class, reported_at = excluded.reported_at
                """, cancellationToken);
        }

        await Adapter.ReportAsync(db, report.Adapters, now, cancellationToken);
        await progress.RenewAsync(report.Attempts, cancellationToken);
        dispatch.Wake();
    }

    /// <summary>Removes workers that have been silent for long.</summary>
    public Task<int> ForgetAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - options.Value.ForgetAfter;
        return db.Workers.Where(worker => worker.LastSeenAt < before).ExecuteDeleteAsync(cancellationToken);
    }
}
