using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Keeping;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>A sweep that was finished.</summary>
public sealed class SweepRun
{
    /// <summary>Set by the database.</summary>
    public long Id { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public DateTimeOffset FinishedAt { get; init; }

    /// <summary>What it found; kept as JSON.</summary>
    public required SweepReport Report { get; init; }
}

internal sealed class SweepRunTable : IEntityTypeConfiguration<SweepRun>
{
    public void Configure(EntityTypeBuilder<SweepRun> builder)
    {
        builder.ToTable("sweeps");
        builder.Property(run => run.Id).UseIdentityAlwaysColumn();
        builder.Property(run => run.Report).HasColumnType("jsonb")
            .HasConversion(report => JsonSerializer.Serialize(report, FarmJson.Options), json => JsonSerializer.Deserialize<SweepReport>(json, FarmJson.Options)!);
    }
}
