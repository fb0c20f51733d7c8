using System.Security.Cryptography;
using System.Text;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Farm.Trials;

/// <summary>
/// Stands in for the networks where the farm around them is tried or measured: it costs nothing beside them. Its pictures are
/// tiny, and their bytes depend on the settings alone, so that what two workers drew of one request can be compared.
/// </summary>
/// <param name="delay">How long an image takes; zero for no time at all.</param>
/// <param name="started">Told of each image whose turn has come.</param>
internal sealed class FreeRenderer(TimeSpan delay, Action<ImageSettings>? started = null) : IRenderer, IDisposable
{
    /// <summary>Name of the only model.</summary>
    public const string Model = "free";

    private const int Side = 8;
    private readonly SemaphoreSlim turn = new(1);

    /// <inheritdoc/>
    public string Device => "none";

    /// <inheritdoc/>
    public RenderEnvironment Environment { get; } = new()
    {
        Diffusion = "none", Torch = "none", Blas = "none", Runtime = "none", Device = "none", Hardware = "none", Dtype = "none", Threads = 1,
    };

    /// <summary>What the farm knows of the model.</summary>
    public static ModelDescription Describe(string name) => new()
    {
        Name = name,
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))),
        VaeScaleFactor = Side,
        DefaultSize = 64,
        DefaultCfgScale = 7,
        DefaultSampler = "Euler",
    };

    /// <inheritdoc/>
    public Task<LoadedModels> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(new LoadedModels([Describe(Model)], []));

    /// <inheritdoc/>
    public async Task RenderAsync(RenderGroup group, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            for (var index = 0; index < group.Images.Count; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var settings = group.Images[index];
                group.Started(index);
                started?.Invoke(settings);
                if (delay > TimeSpan.Zero)
                {
                    await Task.Delay(delay, cancellationToken);
                }

                var picture = Draw(settings);
                group.StepDone(new StepNews(index, settings.Steps, settings.Steps, () => picture));
                group.Rendered(index, new RenderedImage(picture, delay));
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private static Picture Draw(ImageSettings settings)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(settings.ToJson()));
        return new Picture(Side, Side, 3, [.. Enumerable.Range(0, Side * Side * 3).Select(i => (byte)(hash[i % hash.Length] + (i / hash.Length)))]);
    }
}
