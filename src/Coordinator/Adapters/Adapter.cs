using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Adapters;

/// <summary>A LoRA, embedding, VAE or ControlNet as a worker last described it; see <see cref="AdapterDescription"/>.</summary>
public sealed class Adapter
{
    /// <summary>What it is for.</summary>
    public AdapterKind Kind { get; init; }

    /// <summary>The name requests use.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Hash { get; set; }

    /// <summary>When a worker last described it (UTC).</summary>
    public DateTimeOffset ReportedAt { get; set; }

    /// <summary>How a worker's row names what it holds: "lora/NAME".</summary>
    public static string Key(AdapterDescription adapter) => $"{StateNames<AdapterKind>.Name(adapter.Kind)}/{adapter.Name}";

    /// <summary>Takes in what a worker holds.</summary>
    public static async Task ReportAsync(FarmDb db, IReadOnlyList<AdapterDescription> adapters, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (adapters.Count == 0)
        {
            return;
        }

        List<AdapterDescription> sorted = [.. adapters.DistinctBy(Key).OrderBy(Key, StringComparer.Ordinal)]; // one order: no deadlock
        var kinds = sorted.ConvertAll(adapter => StateNames<AdapterKind>.Name(adapter.Kind));
        var names = sorted.ConvertAll(adapter => adapter.Name);
        var hashes = sorted.ConvertAll(adapter => adapter.Hash);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO adapters (kind, name, hash, reported_at)
            SELECT kind, name, hash, {now} FROM unnest({kinds}, {names}, {hashes}) AS told(kind, name, hash)
            ON CONFLICT (kind, name) DO UPDATE SET hash = excluded.hash, reported_at = excluded.reported_at
            """, cancellationToken);
    }
}

internal sealed class AdapterTable : IEntityTypeConfiguration<Adapter>
{
    public void Configure(EntityTypeBuilder<Adapter> builder)
    {
        builder.ToTable("adapters");
        builder.HasKey(adapter => new { adapter.Kind, adapter.Name });
        builder.Property(adapter => adapter.Kind).HasConversion(StateNames<AdapterKind>.Converter);
    }
}
