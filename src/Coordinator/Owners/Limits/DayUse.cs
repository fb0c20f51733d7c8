using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>Images accepted of an owner on the last day that had some. Counted apart from the batches, so that deleting these gives nothing
/// back; only for owners with a limit. The row is also what submissions of such an owner wait for each other on.</summary>
public sealed class DayUse
{
    /// <summary>The owner.</summary>
    public int OwnerId { get; init; }

    /// <summary>The day (UTC).</summary>
    public DateOnly Day { get; set; }

    /// <summary>Images accepted on it.</summary>
    public long Images { get; set; }
}

internal sealed class DayUseTable : IEntityTypeConfiguration<DayUse>
{
    public void Configure(EntityTypeBuilder<DayUse> builder)
    {
        builder.ToTable("day_uses");
        builder.HasKey(use => use.OwnerId);
        builder.Property(use => use.OwnerId).ValueGeneratedNever();
        builder.HasOne<Owner>().WithMany().HasForeignKey(use => use.OwnerId).OnDelete(DeleteBehavior.Cascade);
    }
}
