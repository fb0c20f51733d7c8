using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>An object that no row names any more, written in the transaction that let go of it: it is removed soon, whatever happens in between.</summary>
public sealed class ObjectRemoval
{
    /// <summary>The object's key.</summary>
    public required string Key { get; init; }
}

internal sealed class ObjectRemovalTable : IEntityTypeConfiguration<ObjectRemoval>
{
    public void Configure(EntityTypeBuilder<ObjectRemoval> builder)
    {
        builder.ToTable("object_removals");
        builder.HasKey(removal => removal.Key);
    }
}
