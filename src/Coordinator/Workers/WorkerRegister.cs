using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Keeps what workers tell of themselves.</summary>
public sealed class WorkerRegister(FarmDb db, DispatchSignal dispatch, TimeProvider time, IOptions<WorkerOptions> options)
{
    // the broker keeps news of workers for seconds: what is older by this much was not late, but told by a clock that was set back. Much less than a lease: so
    // long a worker is not heard whose clock was set back by less.
    private TimeSpan ClockSetBack => options.Value.LiveFor / 2;

    /// <summary>Workers that were heard of lately and have not left.</summary>
    public IQueryable<Worker> Live
    {
        get
        {
            var since = time.GetUtcNow() - options.Value.LiveFor;
            return db.Workers.Where(worker => worker.LastSeenAt >= since && !worker.Leaving);
        }
    }

    /// <summary>Those of them that take work.</summary>
    public IQueryable<Worker> Taking => Live.Where(worker =>
        !worker.Drained && worker.SetAside == null && worker.Activity != WorkerActivity.Draining && worker.Activity != WorkerActivity.Paused);

    /// <summary>Takes in what a worker is and holds. What is older than that which is known of it is dropped.</summary>
    public async Task RegisterAsync(WorkerRegistered report, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var at = report.Timestamp.ToUniversalTime();
        var models = report.Models.Select(model => model.Name).ToList();
        var canHold = report.CanHold.ToList();
        var adapters = report.Adapters.Select(Adapter.Key).ToList();
        var hashes = report.Adapters.Select(adapter => adapter.Hash).Distinct().ToList();
        var faults = JsonSerializer.Serialize(report.Faults.Select(fault => fault with { Reason = fault.Reason.Storable() }));
        var idle = StateNames<WorkerActivity>.Name(WorkerActivity.Idle);
        var taken = await db.Database.ExecuteSqlAsync($"""
            INSERT INTO workers (id, host, device, version, memory, group_size, models, can_hold, adapters, adapter_hashes, faults, loading,
                registered_at, last_seen_at, beat_at, activity, in_hand, leaving, drained, failures_in_a_row)
            VALUES ({report.WorkerId}, {report.Host}, {report.Device}, {report.Version}, {report.Memory}, {report.GroupSize}, {models}, {canHold}, {adapters}, {hashes}, {faults}::jsonb, {report.Loading},
                {at}, {now}, {at}, {idle}, 0, false, false, 0)
            ON CONFLICT (id) DO UPDATE SET
                host = excluded.host, device = excluded.device, version = excluded.version, memory = excluded.memory, group_size = excluded.group_size,
                models = excluded.models, can_hold = excluded.can_hold, adapters = excluded.adapters,
                adapter_hashes = excluded.adapter_hashes, faults = excluded.faults, loading = excluded.loading,
                registered_at = excluded.registered_at, last_seen_at = excluded.last_seen_at
            WHERE (workers.registered_at <= excluded.registered_at OR workers.registered_at - excluded.registered_at > {ClockSetBack})
                AND NOT (workers.leaving AND workers.beat_at - excluded.registered_at BETWEEN interval '0' AND {ClockSetBack})
            """, cancellationToken);
        if (taken == 0)
        {
            return;
        }

        // a pulled one that was deleted meanwhile is not known again for that: the worker sees it in a moment
        var (checkpoint, ready) = (StateNames<FileKind>.Name(FileKind.Checkpoint), StateNames<FileState>.Name(FileState.Ready));
        foreach (var model in report.Models.Concat(report.Described).OrderBy(model => model.Name, StringComparer.Ordinal)) // one order: no deadlock
        {
            var own = !report.Pulled.Contains(model.Name);
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO models (name, hash, vae_scale_factor, default_size, default_cfg_scale, default_sampler, family, inpainting, batch_class, reported_at)
                SELECT {model.Name}, {model.Hash}, {model.VaeScaleFactor}, {model.DefaultSize}, {model.DefaultCfgScale}, {model.DefaultSampler}, {StateNames<ModelFamily>.Name(model.Family)}, {model.Inpainting}, {model.BatchClass}, {now}
                WHERE {own} OR EXISTS (SELECT FROM files WHERE kind = {checkpoint} AND name = {model.Name} AND state = {ready})
                ON CONFLICT (name) DO UPDATE SET
                    hash = excluded.hash, vae_scale_factor = excluded.vae_scale_factor, default_size = excluded.default_size,
                    default_cfg_scale = excluded.default_cfg_scale, default_sampler = excluded.default_sampler,
                    family = excluded.family, inpainting = excluded.inpainting, batch_class = excluded.batch_class, reported_at = excluded.reported_at
                """, cancellationToken);
        }

        await Adapter.ReportAsync(db, report.Adapters, now, cancellationToken);
        dispatch.Wake();
    }

    /// <summary>Takes in beats of any number of workers. Of each worker the newest counts, if it is newer than what is known; one of a worker that
    /// never registered is dropped, its registration comes again.</summary>
    /// <returns>Workers whose beats tell that they do not know what they were told to do.</returns>
    public async Task<IReadOnlyList<UntoldWorker>> BeatAsync(IEnumerable<WorkerBeat> beats, CancellationToken cancellationToken)
    {
        List<WorkerBeat> newest = [.. beats.GroupBy(beat => beat.WorkerId).Select(ofOne => ofOne.MaxBy(beat => beat.Timestamp)!)];
        return await db.Database.SqlQueryRaw<UntoldWorker>("""
            WITH beaten AS (
                UPDATE workers w SET last_seen_at = @now, beat_at = b.at, activity = b.activity, in_hand = b.in_hand, used_memory = b.used,
                    throughput = coalesce(b.throughput, w.throughput), leaving = b.leaving
                FROM unnest(@ids, @times, @activities, @counts, @used, @throughputs, @leaving) AS b(id, at, activity, in_hand, used, throughput, leaving)
                WHERE w.id = b.id AND (w.beat_at <= b.at OR w.beat_at - b.at > @setback)
                RETURNING w.id, w.drained OR w.set_aside IS NOT NULL AS drain, w.drained_now AS now, w.activity, w.in_hand, w.leaving)
            SELECT id AS "Id", drain AS "Drain", now AS "Now" FROM beaten
            WHERE NOT leaving AND CASE WHEN drain THEN activity IN ('idle', 'busy') OR now AND in_hand > 0 ELSE activity IN ('draining', 'paused') END
            """,
            new NpgsqlParameter("now", time.GetUtcNow()), new NpgsqlParameter("setback", ClockSetBack),
            new NpgsqlParameter("ids", newest.Select(beat => beat.WorkerId).ToArray()),
            new NpgsqlParameter("times", newest.Select(beat => beat.Timestamp.ToUniversalTime()).ToArray()),
            new NpgsqlParameter("activities", newest.Select(beat => StateNames<WorkerActivity>.Name(beat.Activity)).ToArray()),
            new NpgsqlParameter("counts", newest.Select(beat => beat.Attempts.Count).ToArray()),
            new NpgsqlParameter("used", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = newest.Select(beat => beat.UsedMemory).ToArray() },
            new NpgsqlParameter("throughputs", NpgsqlDbType.Array | NpgsqlDbType.Double) { Value = newest.Select(beat => beat.Throughput).ToArray() },
            new NpgsqlParameter("leaving", newest.Select(beat => beat.Leaving).ToArray())).ToListAsync(cancellationToken);
    }

    /// <summary>Removes workers that have been silent for long.</summary>
    public Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - options.Value.ForgetAfter;
        return db.Workers.Where(worker => worker.LastSeenAt < before).ExecuteDeleteAsync(cancellationToken);
    }
}

/// <summary>A worker that does otherwise than it was told.</summary>
/// <param name="Id">The worker.</param>
/// <param name="Drain">Whether it is to take nothing new; false: to take work again.</param>
/// <param name="Now">Whether it is to hand back what it has in hand as well.</param>
public sealed record UntoldWorker(string Id, bool Drain, bool Now);
