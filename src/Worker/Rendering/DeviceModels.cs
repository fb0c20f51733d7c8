using System.Diagnostics;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Rendering;

/// <summary>The models that are on a device. Belongs to the device's thread.</summary>
internal sealed partial class DeviceModels(TorchDevice device, CpuOffload? offload, WorkerOptions options, ILogger logger) : IDisposable
{
    private const string DefaultSampler = "Euler"; // where a model's own scheduler has no sampler yet
    private readonly Dictionary<string, StableDiffusionModel> models = [];

    /// <summary>Whether pictures may share calls.</summary>
    public BatchPlaces Places { get; } = new();

    /// <summary>Loads a model that was found.</summary>
    public ModelDescription Load(ModelFolder folder)
    {
        var clock = Stopwatch.StartNew();
        var model = StableDiffusionModel.Load(
            folder.Path, device.Dtype, device.Device, options.SingleFiles.GetValueOrDefault(folder.Name)?.ToOptions(), offload);
        try
        {
            var description = Describe(model, folder.Name);
            models.Add(folder.Name, model);
            LogLoaded(folder.Name, clock.Elapsed.TotalSeconds, model.Hash);
            if (model.PassedOver.Count > 0)
            {
                LogPassedOver(folder.Name, model.PassedOver.Count, model.PassedOver);
            }

            return description;
        }
        catch
        {
            Places.Forget(model);
            model.Dispose();
            throw;
        }
    }

    /// <summary>The model of that name.</summary>
    /// <exception cref="ArgumentException">It is not here.</exception>
    public StableDiffusionModel Get(string name) =>
        models.TryGetValue(name, out var model) ? model : throw new ArgumentException($"model: this worker holds no model \"{name}\".");

    /// <summary>Frees a model, in whose weights nothing is merged.</summary>
    public void Drop(string name)
    {
        if (models.Remove(name, out var model))
        {
            Places.Forget(model);
            model.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in models.Values)
        {
            model.Dispose();
        }
    }

    private ModelDescription Describe(StableDiffusionModel model, string name)
    {
        var scheduler = model.SchedulerConfig["_class_name"]?.ToString();
        return new ModelDescription
        {
            Name = name,
            Hash = model.Hash,
            VaeScaleFactor = model.VaeScaleFactor,
            DefaultSize = model.DefaultSize,
            DefaultCfgScale = model.DefaultGuidanceScale,
            DefaultSampler = Samplers.OfClass(scheduler)?.Name ?? DefaultSampler,
            BatchClass = BatchClassOf(model, name),
            Inpainting = model.UNet.Config.InChannels > model.Vae.Config.LatentChannels,
            Family = FamilyOf(model),
        };
    }

    private static ModelFamily FamilyOf(StableDiffusionModel model) =>
        model.RequiresAestheticsScore ? ModelFamily.Refiner
        : model.IsXL ? ModelFamily.Sdxl
        : model.UNet.Config.CrossAttentionDim == 1024 ? ModelFamily.Sd2
        : ModelFamily.Sd1;

    /// <summary>The setting, or as much of it, halved, as leaves a picture the same bits in every place of a call and as there is memory for; 1
    /// always does.</summary>
    private int BatchClassOf(StableDiffusionModel model, string name)
    {
        var size = 1;
        for (var halvings = (int)Math.Log2(options.BatchClass); halvings >= 0; halvings--)
        {
            var larger = options.BatchClass >> halvings;
            try
            {
                if (!Places.AreAlike(model, larger, model.DefaultSize, model.DefaultSize))
                {
                    LogPlaceDependent(name, larger, size);
                    break;
                }
            }
            catch (Exception error) when (larger > 1 && DeviceOutOfMemoryException.Is(error))
            {
                LogTooLarge(error, name, larger, size);
                break;
            }
            size = larger;
        }
        return size;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded model {Model} in {Seconds:0.0} s, hash {Hash}")]
    private partial void LogLoaded(string model, double seconds, string hash);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Of model {Model}'s file no network has {Count} keys: {Keys}")]
    private partial void LogPassedOver(string model, int count, IReadOnlyList<string> keys);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Of {Class} pictures that model {Model} draws in one call, each would depend on its place there; it draws {Size}")]
    private partial void LogPlaceDependent(string model, int @class, int size);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no memory for {Class} pictures that model {Model} draws in one call; it draws {Size}")]
    private partial void LogTooLarge(Exception error, string model, int @class, int size);
}
