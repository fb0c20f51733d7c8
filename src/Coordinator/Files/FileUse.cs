using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Images that are still to be drawn and need a file.</summary>
public sealed class FileUse(FarmDb db, ImageLacks lacks)
{
    /// <summary>Why the file cannot be taken away, in a sentence; null when it can.</summary>
    public async Task<string?> ConflictAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        var settings = Settings(file);
        var count = await db.Database.SqlQuery<long>($"""
            SELECT count(*) AS "Value" FROM batches b JOIN recipes r ON r.batch_id = b.id JOIN images i ON i.recipe_id = r.id
            WHERE b.finished_at IS NULL AND b.cancelled_at IS NULL AND r.settings @> {settings}::jsonb AND i.state IN ('queued', 'dispatched', 'rendering')
            """).SingleAsync(cancellationToken);
        return count == 0 ? null
            : $"{count} images that are not drawn yet need the {file.Kind.Word()} \"{file.Name}\": cancel their batches, wait for them, or ask again with ?force=true; they fail then.";
    }

    /// <summary>The file was taken away: images that need it are given up, but for those that are being drawn, which end as they may.</summary>
    public async Task FailAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        var reason = $"The {file.Kind.Word()} \"{file.Name}\" with the hash {file.Sha256?[..12]} was deleted or replaced.";
        while (await lacks.FailAsync(Settings(file), reason, cancellationToken) is { Count: > 0 })
        {
        }
    }

    /// <summary>What the settings of images contain that need it: a checkpoint by its name, an adapter by what is in it.</summary>
    private static string Settings(RegisteredFile file)
    {
        var hash = new JsonObject { ["hash"] = file.Sha256 ?? "" };
        return (file.Kind switch
        {
            FileKind.Checkpoint => new JsonObject { ["model"] = file.Name },
            FileKind.Lora => new JsonObject { ["loras"] = new JsonArray(hash) },
            FileKind.Embedding => new JsonObject { ["embeddings"] = new JsonArray(hash) },
            FileKind.Vae => new JsonObject { ["vae"] = hash },
            _ => new JsonObject { ["control_nets"] = new JsonArray(hash) },
        }).ToJsonString();
    }
}
