using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Owners.Limits;
using StableDiffusion.Coordinator.Watching;

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
        var recipes = await InsertAsync(row, batch, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        cache.Add(recipes.Zip(batch.Recipes, (id, recipe) => (id, recipe.Settings)));
        meter.Accepted(row.Images);
        dispatch.Wake();
        return row;
    }

    // One statement, whose columns travel as arrays: a batch of one image costs one round trip, and 100,000 images take a second or two. Its images carry
    // the places of their recipes and prompts, which get their ids here.
    private Task<List<long>> InsertAsync(Batch row, ResolvedBatch batch, CancellationToken cancellationToken) => db.Database.SqlQueryRaw<long>($$"""
        WITH batch AS (
            INSERT INTO batches (id, owner_id, origin_id, created_at, name, tags, priority, deadline, images, open, live_preview, trace_parent)
            VALUES (@id, @owner, @origin, @now, @name, @tags, @priority, @deadline, @count, @count, @live_preview, @trace_parent)),
        event AS (
            INSERT INTO events (batch_id, owner_id, type, data) VALUES (@id, @owner, '{{EventTypes.BatchCreated}}', jsonb_build_object('image_count', @count))),
        recipe AS MATERIALIZED (
            SELECT nextval(pg_get_serial_sequence('recipes', 'id')) AS id, r.*
            FROM unnest(@group_keys, @costs, @settings) WITH ORDINALITY AS r(group_key, cost, settings, place)),
        prompt AS MATERIALIZED (
            SELECT nextval(pg_get_serial_sequence('prompts', 'id')) AS id, p.*
            FROM unnest(@texts, @negative_texts, @texts2, @negative_texts2) WITH ORDINALITY AS p(text, negative_text, text2, negative_text2, place)),
        new_recipe AS (
            INSERT INTO recipes (id, batch_id, owner_id, priority, group_key, cost, waiting, held, settings) OVERRIDING SYSTEM VALUE
            SELECT id, @id, @owner, @priority, group_key, cost, true, false, settings::jsonb FROM recipe),
        new_prompt AS (
            INSERT INTO prompts (id, batch_id, text, negative_text, text2, negative_text2) OVERRIDING SYSTEM VALUE
            SELECT id, @id, text, negative_text, text2, negative_text2 FROM prompt),
        new_image AS (
            INSERT INTO images (id, batch_id, index, recipe_id, prompt_id, seed, origin_id, steps)
            SELECT i.id, @id, i.index - 1, r.id, p.id, i.seed, i.origin_id, i.steps
            FROM unnest(@images, @image_recipes, @image_prompts, @seeds, @origins, @steps) WITH ORDINALITY AS i(id, recipe, prompt, seed, origin_id, steps, index)
            JOIN recipe r ON r.place = i.recipe JOIN prompt p ON p.place = i.prompt ORDER BY i.index)
        SELECT id AS "Value" FROM recipe ORDER BY place
        """,
        new NpgsqlParameter("id", row.Id),
        new NpgsqlParameter("owner", row.OwnerId),
        Parameter("origin", NpgsqlDbType.Uuid, row.OriginId),
        new NpgsqlParameter("now", row.CreatedAt),
        Parameter("name", NpgsqlDbType.Text, row.Name),
        new NpgsqlParameter("tags", row.Tags),
        new NpgsqlParameter("priority", row.Priority),
        Parameter("deadline", NpgsqlDbType.TimestampTz, row.Deadline),
        new NpgsqlParameter("count", row.Images),
        new NpgsqlParameter("live_preview", row.LivePreview),
        Parameter("trace_parent", NpgsqlDbType.Text, row.TraceParent),
        Column(NpgsqlDbType.Text, "group_keys", batch.Recipes, recipe => recipe.GroupKey),
        Column(NpgsqlDbType.Double, "costs", batch.Recipes, recipe => Cost.Of(recipe.Settings)),
        Column(NpgsqlDbType.Text, "settings", batch.Recipes, recipe => recipe.Settings.ToJson()),
        Column(NpgsqlDbType.Text, "texts", batch.Prompts, prompt => prompt.Text),
        Column(NpgsqlDbType.Text, "negative_texts", batch.Prompts, prompt => prompt.NegativeText),
        Column(NpgsqlDbType.Text, "texts2", batch.Prompts, prompt => prompt.Text2),
        Column(NpgsqlDbType.Text, "negative_texts2", batch.Prompts, prompt => prompt.NegativeText2),
        Column(NpgsqlDbType.Uuid, "images", batch.Images, _ => Guid.CreateVersion7(row.CreatedAt)),
        Column(NpgsqlDbType.Bigint, "image_recipes", batch.Images, image => image.Recipe + 1L), // places count from 1
        Column(NpgsqlDbType.Bigint, "image_prompts", batch.Images, image => image.Prompt + 1L),
        Column(NpgsqlDbType.Bigint, "seeds", batch.Images, image => image.Seed),
        Column(NpgsqlDbType.Uuid, "origins", batch.Images, image => image.OriginId),
        Column(NpgsqlDbType.Integer, "steps", batch.Images, image => batch.Recipes[image.Recipe].Settings.Steps)).ToListAsync(cancellationToken);

    private static NpgsqlParameter Parameter(string name, NpgsqlDbType type, object? value) => new(name, type) { Value = value ?? DBNull.Value };

    private static NpgsqlParameter Column<TRow, T>(NpgsqlDbType type, string name, IReadOnlyList<TRow> rows, Func<TRow, T> value) =>
        new(name, NpgsqlDbType.Array | type) { Value = rows.Select(value).ToArray() };
}
