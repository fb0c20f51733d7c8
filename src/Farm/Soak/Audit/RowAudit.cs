using Npgsql;

namespace StableDiffusion.Farm.Soak.Audit;

/// <summary>What must not be found in the tables of a farm at rest, as a statement each that gives one line per fault.</summary>
internal static class RowAudit
{
    private static readonly (string Fault, string Sql)[] Checks =
    [
        ("image is not at an end",
            "SELECT id || ' ' || state FROM images WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"),
        ("image at its end has no time of it",
            "SELECT id || ' ' || state FROM images WHERE finished_at IS NULL"),
        ("succeeded image lacks what success sets",
            "SELECT id FROM images WHERE state = 'succeeded' AND (object_key IS NULL OR sha256 IS NULL OR bytes IS NULL OR attempt_id IS NULL)"),
        ("image without success keeps an attempt",
            "SELECT id || ' ' || state FROM images WHERE state IN ('failed', 'cancelled') AND attempt_id IS NOT NULL"),
        ("image of a batch that nobody cancelled is cancelled",
            "SELECT image.id FROM images image JOIN batches batch ON batch.id = batch_id WHERE state = 'cancelled' AND cancelled_at IS NULL"),
        ("succeeded image has no attempt that succeeded with its object",
            """
            SELECT id FROM images image WHERE state = 'succeeded' AND NOT EXISTS (
                SELECT FROM attempts WHERE attempts.id = image.attempt_id AND image_id = image.id AND outcome = 'succeeded' AND attempts.object_key = image.object_key)
            """),
        ("image succeeded more than once, or without saying so",
            """
            SELECT image.id || ' ' || image.state FROM images image JOIN attempts ON image_id = image.id AND outcome = 'succeeded'
            GROUP BY image.id HAVING count(*) > 1 OR image.state <> 'succeeded'
            """),
        ("image counts other attempts than there are",
            """
            SELECT image.id || ': ' || image.attempts || ' and ' || count(attempts.id) FROM images image LEFT JOIN attempts ON image_id = image.id
            GROUP BY image.id HAVING image.attempts <> count(attempts.id)
            """),
        ("two images have one object",
            "SELECT object_key FROM images WHERE state = 'succeeded' GROUP BY object_key HAVING count(*) > 1"),
        ("image is of no batch, or has no recipe or prompt of its batch",
            """
            SELECT image.id FROM images image
            LEFT JOIN batches ON batches.id = image.batch_id
            LEFT JOIN recipes ON recipes.id = image.recipe_id AND recipes.batch_id = image.batch_id
            LEFT JOIN prompts ON prompts.id = image.prompt_id AND prompts.batch_id = image.batch_id
            WHERE batches.id IS NULL OR recipes.id IS NULL OR prompts.id IS NULL
            """),
        ("attempt is of no image",
            "SELECT id FROM attempts WHERE NOT EXISTS (SELECT FROM images WHERE images.id = image_id)"),
        ("recipe is of no image",
            "SELECT id FROM recipes WHERE NOT EXISTS (SELECT FROM images WHERE recipe_id = recipes.id AND images.batch_id = recipes.batch_id)"),
        ("prompt is of no image",
            "SELECT id FROM prompts WHERE NOT EXISTS (SELECT FROM images WHERE prompt_id = prompts.id AND images.batch_id = prompts.batch_id)"),
        ("batch has other images than it was accepted with",
            """
            SELECT batch.id || ': ' || batch.images || ' and ' || count(image.id) FROM batches batch LEFT JOIN images image ON image.batch_id = batch.id
            GROUP BY batch.id HAVING batch.images <> count(image.id)
            """),
        ("request with a key made not one batch",
            """
            SELECT key || ': ' || count(batches.id) FROM idempotency_keys LEFT JOIN batches ON tags @> ARRAY[key] GROUP BY key
            HAVING count(batches.id) <> 1 OR NOT bool_or(batches.id = batch_id)
            """),
        ("batch is not finished",
            "SELECT id FROM batches WHERE finished_at IS NULL"),
        ("batch is told finished not once",
            """
            SELECT batch.id || ': ' || count(events.id) FROM batches batch LEFT JOIN events ON events.batch_id = batch.id AND events.type = 'batch.finished'
            GROUP BY batch.id HAVING count(events.id) <> 1
            """),
        ("image's success is told not once",
            """
            SELECT image.id || ': ' || count(told.id) FROM images image
            LEFT JOIN (SELECT (entry->>'id')::uuid AS id FROM events, jsonb_array_elements(data->'images') entry WHERE type = 'images.succeeded') told USING (id)
            WHERE image.state = 'succeeded' GROUP BY image.id HAVING count(told.id) <> 1
            """),
        ("one request was drawn with different bytes",
            """
            SELECT min(prompt.text) || ', seed ' || image.seed || ': ' || string_agg(DISTINCT image.sha256, ' and ')
            FROM images image JOIN recipes recipe ON recipe.id = image.recipe_id JOIN prompts prompt ON prompt.id = image.prompt_id
            WHERE image.state = 'succeeded'
            GROUP BY recipe.settings, prompt.text, prompt.negative_text, prompt.text2, prompt.negative_text2, image.seed
            HAVING count(DISTINCT image.sha256) > 1
            """),
    ];

    /// <summary>All faults, several examples of each.</summary>
    public static async Task<List<string>> RunAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        List<string> faults = [];
        foreach (var (fault, sql) in Checks)
        {
            await using var command = database.CreateCommand(sql);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            List<string> found = [];
            while (await rows.ReadAsync(cancellationToken))
            {
                found.Add($"{rows.GetValue(0)}");
            }

            if (found.Count > 0)
            {
                faults.Add($"{found.Count} × {fault}: {string.Join("; ", found.Take(3))}{(found.Count > 3 ? "; …" : "")}");
            }
        }

        return faults;
    }
}
