using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>A worker as it last reported.</summary>
public sealed class Worker
{
    /// <summary>Chosen by the worker at its start.</summary>
    public required string Id { get; init; }

    /// <summary>The machine's host name.</summary>
    public required string Host { get; set; }

    /// <summary>The device, in words.</summary>
    public required string Device { get; set; }

    /// <summary>Version and commit.</summary>
    public required string Version { get; set; }

    /// <summary>The device's memory in bytes; null where its system does not tell.</summary>
    public long? Memory { get; set; }

    /// <summary>Most images it takes in one command.</summary>
    public int GroupSize { get; set; }

    /// <summary>Names of the models it renders with.</summary>
    public required List<string> Models { get; set; }

    /// <summary>Names of models it could load.</summary>
    public List<string> CanHold { get; set; } = [];

    /// <summary>Adapters it holds, as "lora/NAME".</summary>
    public required List<string> Adapters { get; set; }

    /// <summary>The adapters' content: what routing goes by, see <see cref="Batches.Recipe.Needs"/>.</summary>
    public List<string> AdapterHashes { get; set; } = [];

    /// <summary>Models it found and could not load.</summary>
    public required IReadOnlyList<ModelFault> Faults { get; set; }

    /// <summary>True until it has tried to load all that it found.</summary>
    public bool Loading { get; set; }

    /// <summary>The newest registration's own time (UTC), by the worker's clock; older ones are dropped.</summary>
    public DateTimeOffset RegisteredAt { get; set; }

    /// <summary>When its newest news came in (UTC), by the coordinator's clock.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>The newest beat's own time (UTC), by the worker's clock; older ones are dropped.</summary>
    public DateTimeOffset BeatAt { get; set; }

    /// <summary>What it said it is at.</summary>
    public WorkerActivity Activity { get; set; }

    /// <summary>Attempts it has in hand.</summary>
    public int InHand { get; set; }

    /// <summary>Bytes of the device's memory in use; null where its system does not tell.</summary>
    public long? UsedMemory { get; set; }

    /// <summary>Images a second lately, while at work; null before the first.</summary>
    public double? Throughput { get; set; }

    /// <summary>Set by a worker's last beat.</summary>
    public bool Leaving { get; set; }

    /// <summary>Whether somebody told it to take nothing new.</summary>
    public bool Drained { get; set; }

    /// <summary>Whether it was told to hand back what it had in hand as well.</summary>
    public bool DrainedNow { get; set; }

    /// <summary>Attempts in a row that failed for a reason that may pass; any picture sets it back to 0.</summary>
    public int FailuresInARow { get; set; }

    /// <summary>Why the farm gives it nothing more; null while it does.</summary>
    public string? SetAside { get; set; }
}

internal sealed class WorkerTable : IEntityTypeConfiguration<Worker>
{
    public void Configure(EntityTypeBuilder<Worker> builder)
    {
        builder.ToTable("workers");
        builder.Property(worker => worker.Activity).HasConversion(StateNames<WorkerActivity>.Converter);
        builder.Property(worker => worker.CanHold).HasDefaultValueSql("'{}'");
        builder.Property(worker => worker.Adapters).HasDefaultValueSql("'{}'");
        builder.Property(worker => worker.AdapterHashes).HasDefaultValueSql("'{}'");
        builder.Property(worker => worker.DrainedNow).HasDefaultValue(false);
        builder.Property(worker => worker.Faults).HasColumnType("jsonb").HasDefaultValueSql("'[]'")
            .HasConversion(faults => JsonSerializer.Serialize(faults, JsonSerializerOptions.Default), json => JsonSerializer.Deserialize<IReadOnlyList<ModelFault>>(json, JsonSerializerOptions.Default)!,
                new ValueComparer<IReadOnlyList<ModelFault>>((left, right) => left!.SequenceEqual(right!), faults => faults.Count, faults => faults));
        // every beat changes the row: with room on its page and no index over what changes, it stays where it is
        builder.HasStorageParameter("fillfactor", 50);
    }
}
