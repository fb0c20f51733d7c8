using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Models;

/// <summary>A model as a worker last described it; see <see cref="ModelDescription"/>.</summary>
public sealed class Model
{
    /// <summary>The name requests use.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 over the files' hashes, lower-case hex.</summary>
    public required string Hash { get; set; }

    /// <summary>Pixels a latent cell stands for.</summary>
    public int VaeScaleFactor { get; set; }

    /// <summary>Width and height in pixels when a request names none.</summary>
    public int DefaultSize { get; set; }

    /// <summary>Guidance when a request names none.</summary>
    public double DefaultCfgScale { get; set; }

    /// <summary>A1111's name of the sampler used when a request names none.</summary>
    public required string DefaultSampler { get; set; }

    /// <summary>The architecture.</summary>
    public ModelFamily Family { get; set; }

    /// <summary>Whether it is made for in-painting alone.</summary>
    public bool Inpainting { get; set; }

    /// <summary>Pictures in a network call when a request names no number.</summary>
    public int BatchClass { get; set; }

    /// <summary>When a worker last described it (UTC).</summary>
    public DateTimeOffset ReportedAt { get; set; }
}

internal sealed class ModelTable : IEntityTypeConfiguration<Model>
{
    public void Configure(EntityTypeBuilder<Model> builder)
    {
        builder.ToTable("models");
        builder.HasKey(model => model.Name);
        builder.Property(model => model.Family).HasConversion(StateNames<ModelFamily>.Converter);
    }
}
