using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>
/// What images of a batch have in common: all settings but prompts and seed. It is also a lane of the backlog: the dispatcher
/// chooses among recipes, of which there are few, and not among images, of which there may be a million.
/// </summary>
public sealed class Recipe
{
    /// <summary>Rises in the order of acceptance. Set by the database.</summary>
    public long Id { get; init; }

    /// <summary>The batch.</summary>
    public Guid BatchId { get; init; }

    /// <summary>What to draw, but for prompts ("") and seed (0); kept as JSON.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>The settings' model; taken from them by the database.</summary>
    public string Model { get; private init; } = "";

    /// <summary>JSON array of the hashes of the adapters that a worker must hold for it, see <see cref="ImageSettings.Adapters"/>; taken from the settings by
    /// the database.</summary>
    public string Needs { get; private init; } = "[]";

    /// <summary>Images with the same may share a network call, see <see cref="Contracts.Settings.GroupKey"/>.</summary>
    public required string GroupKey { get; init; }

    /// <summary>Work that one image is, see <see cref="Dispatch.Cost"/>.</summary>
    public double Cost { get; init; }

    /// <summary>The batch's owner.</summary>
    public int OwnerId { get; init; }

    /// <summary>The batch's priority.</summary>
    public int Priority { get; set; }

    /// <summary>Whether it may have queued images: true with the insert and with whatever puts an image back, false once the dispatcher found none.</summary>
    public bool Waiting { get; set; } = true;

    /// <summary>Whether its images must not be dispatched: the batch is paused or cancelled.</summary>
    public bool Held { get; set; }

    /// <summary>When the first of its images may be tried again (UTC), where all that are left wait for that. Null: now.</summary>
    public DateTimeOffset? NotBefore { get; set; }
}

internal sealed class RecipeTable : IEntityTypeConfiguration<Recipe>
{
    public void Configure(EntityTypeBuilder<Recipe> builder)
    {
        builder.ToTable("recipes");
        builder.Property(recipe => recipe.Id).UseIdentityAlwaysColumn();
        builder.Property(recipe => recipe.Settings).HasColumnType("jsonb").HasConversion(
            settings => settings.ToJson(), json => ImageSettings.FromJson(json),
            new ValueComparer<ImageSettings>((left, right) => ReferenceEquals(left, right), settings => settings.GetHashCode(), settings => settings)); // never changed
        builder.Property(recipe => recipe.Model).HasComputedColumnSql("settings->>'model'", stored: true);
        builder.Property(recipe => recipe.Needs).HasColumnType("jsonb").HasComputedColumnSql("""
            jsonb_path_query_array(settings, '$.loras[*].hash') || jsonb_path_query_array(settings, '$.embeddings[*].hash')
            || jsonb_path_query_array(settings, '$.control_nets[*].hash') || jsonb_path_query_array(settings, '$.vae.hash')
            """, stored: true);
        builder.HasOne<Batch>().WithMany().HasForeignKey(recipe => recipe.BatchId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(recipe => recipe.BatchId).HasDatabaseName("ix_recipes_batch");
        // the dispatcher's: as large as what waits
        builder.HasIndex(recipe => new { recipe.Model, recipe.OwnerId, recipe.Priority, recipe.Id }).IsDescending(false, false, true, false)
            .HasFilter("waiting AND NOT held").HasDatabaseName("ix_recipes_waiting");
    }
}
