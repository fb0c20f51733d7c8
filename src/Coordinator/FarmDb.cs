using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Keeping;
using StableDiffusion.Coordinator.Models;
using StableDiffusion.Coordinator.Owners;
using StableDiffusion.Coordinator.Owners.Keys;
using StableDiffusion.Coordinator.Owners.Limits;
using StableDiffusion.Coordinator.Webhooks;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator;

/// <summary>The farm's database: the backlog, its history, and who renders it.</summary>
public sealed class FarmDb(DbContextOptions<FarmDb> options) : DbContext(options)
{
    /// <summary>Whom batches belong to.</summary>
    public DbSet<Owner> Owners => Set<Owner>();

    /// <summary>What owners show; their hashes alone.</summary>
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    /// <summary>How much of their days' images owners with a limit have used.</summary>
    public DbSet<DayUse> DayUses => Set<DayUse>();

    /// <summary>Accepted requests.</summary>
    public DbSet<Batch> Batches => Set<Batch>();

    /// <summary>Requests that made a batch.</summary>
    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();

    /// <summary>What images of a batch have in common; the lanes of the backlog.</summary>
    public DbSet<Recipe> Recipes => Set<Recipe>();

    /// <summary>The texts of a batch's images.</summary>
    public DbSet<Prompt> Prompts => Set<Prompt>();

    /// <summary>One row an image, with its own state; changed by <see cref="Images.Lifecycle"/> alone.</summary>
    public DbSet<Image> Images => Set<Image>();

    /// <summary>Every try at an image that is over; written by <see cref="Images.Lifecycle"/> alone.</summary>
    public DbSet<Attempt> Attempts => Set<Attempt>();

    /// <summary>What happened, in order.</summary>
    public DbSet<FarmEvent> Events => Set<FarmEvent>();

    /// <summary>How far things have come along the events.</summary>
    public DbSet<EventMark> EventMarks => Set<EventMark>();

    /// <summary>Addresses that are told what happens.</summary>
    public DbSet<Webhook> Webhooks => Set<Webhook>();

    /// <summary>What they were told, and shall be.</summary>
    public DbSet<WebhookDelivery> WebhookDeliveries => Set<WebhookDelivery>();

    /// <summary>Objects that are to go.</summary>
    public DbSet<ObjectRemoval> ObjectRemovals => Set<ObjectRemoval>();

    /// <summary>What sweeps of the object store found.</summary>
    public DbSet<SweepRun> Sweeps => Set<SweepRun>();

    /// <summary>Workers as they last reported.</summary>
    public DbSet<Worker> Workers => Set<Worker>();

    /// <summary>Models that workers ever reported, so that requests can be validated with no worker up.</summary>
    public DbSet<Model> Models => Set<Model>();

    /// <summary>LoRAs, embeddings, VAEs and ControlNets that workers ever reported, for the same reason.</summary>
    public DbSet<Adapter> Adapters => Set<Adapter>();

    /// <summary>Checkpoints, LoRAs, embeddings, VAEs and ControlNets in the object store; changed by <see cref="FileRegistry"/> alone.</summary>
    public DbSet<RegisteredFile> Files => Set<RegisteredFile>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(FarmDb).Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            NameColumns(entity);
        }
    }

    private static void NameColumns(IMutableTypeBase type)
    {
        foreach (var property in type.GetDeclaredProperties())
        {
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }

        foreach (var complex in type.GetDeclaredComplexProperties())
        {
            NameColumns(complex.ComplexType);
        }
    }
}
