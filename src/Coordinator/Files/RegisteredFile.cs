using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Files;

/// <summary>A checkpoint, LoRA, embedding, VAE or ControlNet in the object store. Only <see cref="FileRegistry"/> changes a row.</summary>
public sealed class RegisteredFile
{
    /// <summary>A version 7 UUID.</summary>
    public Guid Id { get; init; }

    /// <summary>What it is for.</summary>
    public FileKind Kind { get; init; }

    /// <summary>The name requests use; one file has it in its kind.</summary>
    public required string Name { get; init; }

    /// <summary>Key of its object, or with a slash at its end its folder's.</summary>
    public required string Key { get; set; }

    /// <summary>Where it is on its way.</summary>
    public FileState State { get; set; }

    /// <summary>Why it is refused. Null otherwise.</summary>
    public string? Reason { get; set; }

    /// <summary>See <see cref="FileHash"/>. Set from when it was read through, as are parts and bytes.</summary>
    public string? Sha256 { get; set; }

    /// <summary>What workers pull for it.</summary>
    public required IReadOnlyList<FilePart> Parts { get; set; }

    /// <summary>All parts' bytes.</summary>
    public long? Bytes { get; set; }

    /// <summary>Keys, sizes and times of its objects, hashed, as they were when they were looked at; others want it to be read through again.</summary>
    public required string Stamp { get; set; }

    /// <summary>When it was registered (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>As the API shows it.</summary>
    public FileResponse ToResponse(bool withParts) => new()
    {
        Kind = Kind, Name = Name, State = State, Reason = Reason, Key = Key, Sha256 = Sha256, Bytes = Bytes, CreatedAt = CreatedAt,
        Parts = withParts && Parts.Count > 0 ? Parts : null,
    };
}

internal sealed class RegisteredFileTable : IEntityTypeConfiguration<RegisteredFile>
{
    public void Configure(EntityTypeBuilder<RegisteredFile> builder)
    {
        builder.ToTable("files");
        builder.Property(file => file.Id).ValueGeneratedNever();
        builder.Property(file => file.Kind).HasConversion(StateNames<FileKind>.Converter);
        builder.Property(file => file.State).HasConversion(StateNames<FileState>.Converter);
        builder.Property(file => file.Parts).HasColumnType("jsonb").HasConversion(
            parts => JsonSerializer.Serialize(parts, FarmJson.Options), json => JsonSerializer.Deserialize<IReadOnlyList<FilePart>>(json, FarmJson.Options)!,
            new ValueComparer<IReadOnlyList<FilePart>>((left, right) => left!.SequenceEqual(right!), parts => parts.Count, parts => parts));
        builder.HasIndex(file => new { file.Kind, file.Name }).IsUnique().HasDatabaseName("ix_files_name");
    }
}
