using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>published-keys.json: the name and shape of every weight of the published models, against networks built with the sizes
/// in published-configs.json. The networks have shapes and no memory.</summary>
internal sealed class PublishedKeysCheck : IVerificationCheck
{
    private const string Keys = "published-keys.json";
    private const string Configs = "published-configs.json";

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(Keys) || !run.Has(Configs))
        {
            yield break;
        }

        var configs = JsonObject.Create(run.ReadJson(Configs))!;
        foreach (var published in run.ReadJson(Keys).EnumerateObject())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var row in Compare(run, published, configs[published.Name]?.AsObject()))
            {
                yield return row;
            }
        }
    }

    private static VerificationRow[] Compare(VerificationRun run, JsonProperty published, JsonObject? config)
    {
        string name = $"{Keys}: {published.Name}";
        var comparison = new Comparison(run, name, 0);
        var expected = published.Value.EnumerateObject().ToDictionary(key => key.Name, key => key.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray());
        try
        {
            using var network = Build(published.Name, config);
            if (config is null || network is null)
            {
                return NotBuilt(config is null ? $"{Configs} has no sizes for it" : "this network is not built");
            }

            var built = network.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.shape);
            foreach (string key in expected.Keys.Union(built.Keys))
            {
                comparison.Equal(key, expected.TryGetValue(key, out var theirs) && built.TryGetValue(key, out var ours) && ours.SequenceEqual(theirs));
            }
        }
        catch (UnsupportedConfigException unsupported)
        {
            return NotBuilt(unsupported.NotBuilt);
        }

        return [.. comparison.Rows()];

        VerificationRow[] NotBuilt(string reason) => [new(name, expected.Count, VerificationOutcome.NotCovered, Note: reason)];
    }

    /// <summary>The network that the part after the slash names, or null where it is not built.</summary>
    private static Module? Build(string name, JsonObject? config) => (name.Split('/')[^1], config) switch
    {
        ("text_encoder", not null) => new CLIPTextModel(ConfigFile.Parse<CLIPTextConfig>(config, Configs), LayerFactory.Shapes),
        ("text_encoder_2", not null) => new CLIPTextModelWithProjection(ConfigFile.Parse<CLIPTextConfig>(config, Configs), LayerFactory.Shapes),
        ("unet", not null) => new UNet2DConditionModel(ConfigFile.Parse<UNet2DConditionConfig>(config, Configs), LayerFactory.Shapes),
        ("controlnet", not null) => new ControlNetModel(ConfigFile.Parse<ControlNetConfig>(config, Configs), LayerFactory.Shapes),
        ("vae", not null) => new AutoencoderKL(ConfigFile.Parse<AutoencoderKLConfig>(config, Configs), LayerFactory.Shapes),
        _ => null,
    };
}
