using System.Text.Json;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Batches.Expansion;

/// <summary>Requests resolved without a server, against a catalog of one model and a few files.</summary>
internal static class Requests
{
    private static readonly Catalog Known = new(
        [
            new ModelResponse
            {
                Name = CoordinatorHost.Model, Hash = "aa11", VaeScaleFactor = 8, DefaultSize = 64, DefaultCfgScale = 5, DefaultSampler = "Euler", Live = true,
            },
        ],
        [],
        [
            new() { Kind = AdapterKind.Lora, Name = "ink", Hash = "11" }, new() { Kind = AdapterKind.Vae, Name = "mse", Hash = "33" },
            new() { Kind = AdapterKind.Embedding, Name = "bad-hands", Hash = "55" },
        ]);

    /// <summary>What a request becomes, and what is wrong with it.</summary>
    public static (ResolvedBatch Batch, IDictionary<string, string[]> Errors) Resolve(string json, BatchesOptions? limits = null) =>
        Resolve(JsonSerializer.Deserialize<BatchRequest>(json, FarmJson.Options)!, limits);

    public static (ResolvedBatch Batch, IDictionary<string, string[]> Errors) Resolve(BatchRequest request, BatchesOptions? limits = null)
    {
        var options = Options.Create(limits ?? new BatchesOptions());
        var errors = new RequestErrors();
        var batch = new BatchResolver(new RecipeResolver(options), options, Options.Create(new InputOptions())).Resolve(request, Known, errors);
        return (batch, errors.ToDictionary());
    }

    /// <summary>The settings of each image of a request that must be right.</summary>
    public static List<ImageSettings> ImagesOf(string json)
    {
        var (batch, errors) = Resolve(json);
        Assert.Empty(errors);
        return [.. batch.Images.Select(batch.SettingsOf)];
    }
}
