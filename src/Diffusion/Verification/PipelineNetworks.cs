using System.Text.Json;
using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>What pipeline rows name, each loaded once.</summary>
internal sealed class PipelineNetworks(VerificationRun run) : IDisposable
{
    private readonly Dictionary<string, IDisposable> loaded = new(StringComparer.Ordinal);

    public StableDiffusionModel Model(string path) => Get(path, () => StableDiffusionModel.Load(run.Use(path), run.Dtype, run.Device));

    public UNet2DConditionModel UNet(string path) => Get(path, () => NetworkFolder.LoadUNet(run.Use(path), run.Dtype, run.Device));

    public ControlNetModel ControlNet(string path) => Get(path, () => NetworkFolder.LoadControlNet(run.Use(path), run.Dtype, run.Device));

    /// <summary>An entry of a row's embeddings.</summary>
    public TextualInversion Embedding(JsonElement entry)
    {
        var (file, token) = (entry.Field("file").GetString()!, entry.Field("token").GetString()!);
        return Get($"{file} as {token}", () => TextualInversion.Load(run.Use(file), token));
    }

    public void Dispose()
    {
        foreach (var network in loaded.Values)
        {
            network.Dispose();
        }
    }

    private T Get<T>(string key, Func<T> load)
        where T : IDisposable
    {
        if (!loaded.TryGetValue(key, out var network))
        {
            loaded[key] = network = load();
        }

        return (T)network;
    }
}
