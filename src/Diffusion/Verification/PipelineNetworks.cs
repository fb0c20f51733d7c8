using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>The networks that pipeline rows name, each loaded once.</summary>
internal sealed class PipelineNetworks(VerificationRun run) : IDisposable
{
    private readonly Dictionary<string, IDisposable> loaded = new(StringComparer.Ordinal);

    public StableDiffusionModel Model(string path) => Get(path, full => StableDiffusionModel.Load(full, run.Dtype, run.Device));

    public UNet2DConditionModel UNet(string path) => Get(path, full => NetworkFolder.LoadUNet(full, run.Dtype, run.Device));

    public void Dispose()
    {
        foreach (var network in loaded.Values)
        {
            network.Dispose();
        }
    }

    private T Get<T>(string path, Func<string, T> load)
        where T : IDisposable
    {
        if (!loaded.TryGetValue(path, out var network))
        {
            loaded[path] = network = load(run.Use(path));
        }

        return (T)network;
    }
}
