using System.Diagnostics;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Rendering;

/// <summary>The models that are on a device, and those that rest beside it. Belongs to the device's thread, but for what is asked of those that rest.</summary>
internal sealed partial class DeviceModels(TorchDevice device, CpuOffload? offload, WorkerOptions options, ILogger logger) : IDisposable
{
    private const string DefaultSampler = "Euler"; // where a model's own scheduler has no sampler yet
    private const int LeftAlone = 10; // a tenth of main memory
    private readonly Dictionary<string, DeviceModel> models = [];
    private readonly RestingModels? resting = device.HasOwnMemory && offload is null
        ? new RestingModels(
            options.ModelMemory is { } mebibytes ? mebibytes * (1L << 20) : TorchDevice.MainMemory / 2 ?? 0,
            () => device.FreeMainMemory() - (TorchDevice.MainMemory / LeftAlone), (model, place) => model.MoveTo(place), logger)
        : null;

    /// <summary>Whether pictures may share calls.</summary>
    public BatchPlaces Places { get; } = new();

    /// <summary>Whether a model rests in main memory; may be asked by any thread.</summary>
    public bool Rests(string name) => resting?.Has(name) ?? false;

    /// <summary>Whether any does.</summary>
    public bool AnyRests => resting?.Any ?? false;

    /// <summary>Brings back a model that rests; null where it does not, or is outdated.</summary>
    public ModelDescription? Wake(string name, bool outdated)
    {
        var clock = Stopwatch.StartNew();
        if (resting?.Take(name, outdated, device.Device) is not { } model)
        {
            return null;
        }

        models.Add(name, model);
        LogAwake(name, clock.Elapsed.TotalSeconds, model.Model.Hash);
        return model.Description;
    }

    /// <summary>Loads a model that was found.</summary>
    public ModelDescription Load(ModelFolder folder)
    {
        var clock = Stopwatch.StartNew();
        var model = StableDiffusionModel.Load(
            folder.Path, device.Dtype, device.Device, options.SingleFiles.GetValueOrDefault(folder.Name)?.ToOptions(), offload);
        try
        {
            var description = Describe(model, folder.Name);
            models.Add(folder.Name, new DeviceModel(model, description));
            LogLoaded(folder.Name, clock.Elapsed.TotalSeconds, model.Hash);
            if (model.PassedOver.Count > 0)
            {
                LogPassedOver(folder.Name, model.PassedOver.Count, model.PassedOver);
            }

            return description;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The model of that name.</summary>
    /// <exception cref="ArgumentException">It is not here.</exception>
    public StableDiffusionModel Get(string name) =>
        models.TryGetValue(name, out var model) ? model.Model : throw new ArgumentException($"model: this worker holds no model \"{name}\".");

    /// <summary>Takes a model, in whose weights nothing is merged, off the device.</summary>
    /// <param name="name">The model's.</param>
    /// <param name="mayRest">Whether it may be wanted again as it is.</param>
    /// <param name="wanted">The name of the one that it makes room for.</param>
    public void Drop(string name, bool mayRest, string? wanted)
    {
        if (!models.Remove(name, out var model))
        {
            return;
        }

        var rests = false;
        try
        {
            rests = mayRest && resting?.TryAdd(model, wanted) == true;
        }
        finally
        {
            if (!rests)
            {
                model.Dispose();
            }
        }
    }

    /// <summary>Frees what rests and is outdated, or is in the way of what else wants main memory.</summary>
    public void Trim(Func<string, bool> outdated) => resting?.Trim(outdated);

    /// <inheritdoc/>
    public void Dispose()
    {
        resting?.Dispose();
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

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} is back from main memory in {Seconds:0.0} s, hash {Hash}")]
    private partial void LogAwake(string model, double seconds, string hash);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Of model {Model}'s file no network has {Count} keys: {Keys}")]
    private partial void LogPassedOver(string model, int count, IReadOnlyList<string> keys);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Of {Class} pictures that model {Model} draws in one call, each would depend on its place there; it draws {Size}")]
    private partial void LogPlaceDependent(string model, int @class, int size);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no memory for {Class} pictures that model {Model} draws in one call; it draws {Size}")]
    private partial void LogTooLarge(Exception error, string model, int @class, int size);
}
