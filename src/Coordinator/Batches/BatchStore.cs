using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Watching;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Writes accepted batches: the batch and all its images, or nothing.</summary>
public sealed class BatchStore(FarmDb db, RecipeCache cache, DispatchSignal dispatch, Quotas quotas, IdempotencyKeys keys, TimeProvider time, FarmMeter meter)
{
    /// <summary>Stores a batch with its images queued, and wakes the dispatcher.</summary>
    /// <param name="head">What it says of itself.</param>
    /// <param name="batch">Its images, at least one.</param>
    /// <param name="cancellationToken">Cancelled: nothing is stored.</param>
    /// <returns>Null: its key is another batch's; nothing is stored.</returns>
    /// <exception cref="QuotaExceededException">It is more than its owner may have.</exception>
    public async Task<Batch?> AddAsync(BatchHead head, ResolvedBatch batch, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var row = new Batch
        {
            Id = Guid.CreateVersion7(now),
            OwnerId = head.OwnerId,
            OriginId = head.OriginId,
            CreatedAt = now,
            Name = head.Name,
            Tags = [.. head.Tags],
            Priority = head.Priority,
            Deadline = head.Deadline,
            Images = batch.Images.Count,
            Open = batch.Images.Count,
            LivePreview = head.LivePreview,
            TraceParent = Activity.Current?.Id,
        };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (head.Key is { } key && !await keys.ClaimAsync(row.OwnerId, key, row.Id, cancellationToken))
        {
            return null;
        }

        await quotas.CheckAsync(row.OwnerId, row.Images, row.Priority, cancellationToken);
        db.Batches.Add(row);
        db.Events.Add(new FarmEvent { BatchId = row.Id, OwnerId = row.OwnerId, Type = EventTypes.BatchCreated, Data = $$"""{"image_count":{{row.Images}}}""" });
        await db.SaveChangesAsync(cancellationToken);
        var recipes = await IdsAsync("recipes", batch.Recipes.Count, cancellationToken);
        var prompts = await IdsAsync("prompts", batch.Prompts.Count, cancellationToken);
        await CopyRecipesAsync(row, batch.Recipes, recipes, cancellationToken);
        await CopyPromptsAsync(row, batch.Prompts, prompts, cancellationToken);
        await CopyImagesAsync(row, batch, recipes, prompts, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        cache.Add(recipes.Zip(batch.Recipes, (id, recipe) => (id, recipe.Settings)));
        meter.Accepted(row.Images);
        dispatch.Wake();
        return row;
    }

    private Task<List<long>> IdsAsync(string table, int count, CancellationToken cancellationToken) => db.Database
        .SqlQuery<long>($"""SELECT nextval(pg_get_serial_sequence({table}, 'id')) AS "Value" FROM generate_series(1, {count})""").ToListAsync(cancellationToken);

    private async Task CopyRecipesAsync(Batch batch, IReadOnlyList<ResolvedRecipe> recipes, List<long> ids, CancellationToken cancellationToken)
    {
        await using var copy = await BeginAsync("recipes (id, batch_id, owner_id, priority, group_key, cost, waiting, held, settings)", cancellationToken);
        foreach (var (index, recipe) in recipes.Index())
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(ids[index], NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(batch.Id, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(batch.OwnerId, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(batch.Priority, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(recipe.GroupKey, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(Cost.Of(recipe.Settings), NpgsqlDbType.Double, cancellationToken);
            await copy.WriteAsync(true, NpgsqlDbType.Boolean, cancellationToken);
            await copy.WriteAsync(false, NpgsqlDbType.Boolean, cancellationToken);
            await copy.WriteAsync(recipe.Settings.ToJson(), NpgsqlDbType.Jsonb, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private async Task CopyPromptsAsync(Batch batch, IReadOnlyList<ResolvedPrompt> prompts, List<long> ids, CancellationToken cancellationToken)
    {
        await using var copy = await BeginAsync("prompts (id, batch_id, text, negative_text, text2, negative_text2)", cancellationToken);
        foreach (var (index, prompt) in prompts.Index())
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(ids[index], NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(batch.Id, NpgsqlDbType.Uuid, cancellationToken);
            foreach (var text in new[] { prompt.Text, prompt.NegativeText, prompt.Text2, prompt.NegativeText2 })
            {
                await (text is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken));
            }
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private async Task CopyImagesAsync(Batch batch, ResolvedBatch resolved, List<long> recipes, List<long> prompts, CancellationToken cancellationToken)
    {
        await using var copy = await BeginAsync("images (id, batch_id, index, recipe_id, prompt_id, seed, origin_id, steps)", cancellationToken);
        foreach (var (index, image) in resolved.Images.Index())
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(Guid.CreateVersion7(batch.CreatedAt), NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(batch.Id, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(index, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(recipes[image.Recipe], NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(prompts[image.Prompt], NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(image.Seed, NpgsqlDbType.Bigint, cancellationToken);
            await (image.OriginId is { } origin ? copy.WriteAsync(origin, NpgsqlDbType.Uuid, cancellationToken) : copy.WriteNullAsync(cancellationToken));
            await copy.WriteAsync(resolved.Recipes[image.Recipe].Settings.Steps, NpgsqlDbType.Integer, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    // COPY: 100,000 rows in a second or two, where INSERTs would take many times that
    private Task<NpgsqlBinaryImporter> BeginAsync(string table, CancellationToken cancellationToken) =>
        ((NpgsqlConnection)db.Database.GetDbConnection()).BeginBinaryImportAsync($"COPY {table} FROM STDIN (FORMAT BINARY)", cancellationToken);
}
