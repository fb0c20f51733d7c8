using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Owners;

/// <summary>Whom batches belong to, and among whom the fleet is shared.</summary>
public sealed class Owner
{
    /// <summary>The owner of everything where nobody needs a key.</summary>
    public const int Default = 1;

    /// <summary>Set by the database.</summary>
    public int Id { get; init; }

    /// <summary>As people know it.</summary>
    public required string Name { get; set; }

    /// <summary>Since when there is such an owner (UTC). Set by the database; the first owner is as old as the database, and keeps that age in a backup.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>The owner's share of the fleet against others who wait; 1 is everybody's.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>For coordinators of the version before, which may run beside this one during an upgrade and count there; this one keeps
    /// <see cref="Dispatch.ServedOwners"/>. The next version's migration gives the column a default, so that its inserts need not name it; the one after drops it.</summary>
    public double Served { get; private init; }

    /// <summary>Most images that may be on their way at once. Null for no limit, as in the next three.</summary>
    public int? MaxWaiting { get; set; }

    /// <summary>Most images accepted on one day (UTC).</summary>
    public int? MaxImagesPerDay { get; set; }

    /// <summary>Highest priority of the owner's batches.</summary>
    public int? MaxPriority { get; set; }

    /// <summary>Most requests a minute with all of the owner's keys. Null for <see cref="OwnerOptions.RequestsPerMinute"/>.</summary>
    public int? MaxRequestsPerMinute { get; set; }
}

internal sealed class OwnerTable : IEntityTypeConfiguration<Owner>
{
    public void Configure(EntityTypeBuilder<Owner> builder)
    {
        builder.ToTable("owners");
        builder.Property(owner => owner.Id).UseIdentityByDefaultColumn();
        builder.Property(owner => owner.CreatedAt).HasDefaultValueSql("now()");
        builder.HasIndex(owner => owner.Name).IsUnique().HasDatabaseName("ix_owners_name");
        builder.HasData(new Owner { Id = Owner.Default, Name = "default" });
    }
}
