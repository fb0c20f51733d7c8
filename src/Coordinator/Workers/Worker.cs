using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts.Models;

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

    /// <summary>Names of the models it renders with.</summary>
    public required List<string> Models { get; set; }

    /// <summary>Adapters it holds, as "lora/NAME".</summary>
    public required List<string> Adapters { get; set; }

    /// <summary>Models it found and could not load.</summary>
    public required IReadOnlyList<ModelFault> Faults { get; set; }

    /// <summary>True until it has tried to load all that it found.</summary>
    public bool Loading { get; set; }

    /// <summary>When its newest report came in (UTC), by the coordinator's clock.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>The newest report's own time (UTC), by the worker's clock; reports older than it are dropped.</summary>
    public DateTimeOffset ReportedAt { get; set; }

    /// <summary>Set by a worker's last report.</summary>
    public bool Leaving { get; set; }
}

internal sealed class WorkerTable : IEntityTypeConfiguration<Worker>
{
    public void Configure(EntityTypeBuilder<Worker> builder)
    {
        builder.ToTable("workers");
        builder.Property(worker => worker.Adapters).HasDefaultValueSql("'{}'");
        builder.Property(worker => worker.Faults).HasColumnType("jsonb").HasDefaultValueSql("'[]'")
            .HasConversion(faults => JsonSerializer.Serialize(faults, JsonSerializerOptions.Default), json => JsonSerializer.Deserialize<IReadOnlyList<ModelFault>>(json, JsonSerializerOptions.Default)!,
                new ValueComparer<IReadOnlyList<ModelFault>>((left, right) => left!.SequenceEqual(right!), faults => faults.Count, faults => faults));
        builder.HasIndex(worker => worker.LastSeenAt).HasDatabaseName("ix_workers_last_seen");
    }
}
