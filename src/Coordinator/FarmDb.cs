using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Models;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator;

/// <summary>The farm's database: the backlog, its history, and who renders it.</summary>
public sealed class FarmDb(DbContextOptions<FarmDb> options) : DbContext(options)
{
    /// <summary>Accepted requests.</summary>
    public DbSet<Batch> Batches => Set<Batch>();

    /// <summary>One row an image, with its own state; changed by <see cref="Images.Lifecycle"/> alone.</summary>
    public DbSet<Image> Images => Set<Image>();

    /// <summary>Every try at every image; changed by <see cref="Images.Lifecycle"/> alone.</summary>
    public DbSet<Attempt> Attempts => Set<Attempt>();

    /// <summary>Workers as they last reported.</summary>
    public DbSet<Worker> Workers => Set<Worker>();

    /// <summary>Models that workers ever reported, so that requests can be validated with no worker up.</summary>
    public DbSet<Model> Models => Set<Model>();

    /// <summary>LoRAs, embeddings, VAEs and ControlNets that workers ever reported, for the same reason.</summary>
    public DbSet<Adapter> Adapters => Set<Adapter>();

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
