using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts;
using StableDiffusion.Coordinator.Search;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>The texts of some of a batch's images, stored once for all seeds that are drawn of them.</summary>
public sealed class Prompt
{
    /// <summary>Set by the database.</summary>
    public long Id { get; init; }

    /// <summary>The batch.</summary>
    public Guid BatchId { get; init; }

    /// <summary>As in <see cref="Contracts.ImageSettings"/>, as are the next three.</summary>
    public required string Text { get; init; }

    /// <summary>What to steer away from; "" for nothing.</summary>
    public required string NegativeText { get; init; }

    /// <summary>SDXL's second text encoder's; null when it reads the prompt.</summary>
    public string? Text2 { get; init; }

    /// <summary>SDXL's second text encoder's; null when it reads the negative prompt.</summary>
    public string? NegativeText2 { get; init; }

    /// <summary>A recipe's settings with these texts and a seed: all of what an image is.</summary>
    public ImageSettings In(ImageSettings recipe, long seed) =>
        recipe with { Prompt = Text, NegativePrompt = NegativeText, Prompt2 = Text2, NegativePrompt2 = NegativeText2, Seed = seed };
}

internal sealed class PromptTable : IEntityTypeConfiguration<Prompt>
{
    public void Configure(EntityTypeBuilder<Prompt> builder)
    {
        builder.ToTable("prompts");
        builder.Property(prompt => prompt.Id).UseIdentityAlwaysColumn();
        builder.HasOne<Batch>().WithMany().HasForeignKey(prompt => prompt.BatchId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(prompt => prompt.BatchId).HasDatabaseName("ix_prompts_batch");
        builder.HasIndex(prompt => prompt.Text).HasMethod("gin").IsTsVectorExpressionIndex(SearchRows.Language).HasDatabaseName("ix_prompts_search");
    }
}
