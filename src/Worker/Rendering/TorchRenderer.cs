using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Previews;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Inputs;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Rendering;

/// <summary>Draws with the models in <see cref="WorkerOptions.Models"/>, loaded once and held, on one device.</summary>
public sealed partial class TorchRenderer : IRenderer, IDisposable
{
    private const string DefaultSampler = "Euler"; // where a model's own scheduler has no sampler yet
    private readonly DeviceThread thread;
    private readonly TorchDevice device;
    private readonly Dictionary<string, StableDiffusionModel> models = []; // touched by the device's thread alone
    private readonly ConditionalWeakTable<AutoencoderKL, LatentPreview> previews = []; // likewise
    private readonly LoadedAdapters adapters; // likewise
    private readonly BatchPlaces places = new(); // likewise
    private readonly CpuOffload? offload;
    private readonly InputCache inputs;
    private readonly WorkerOptions options;
    private readonly ILogger<TorchRenderer> logger;

    /// <summary>Finds the device and sets its threads; models come with <see cref="LoadAsync"/>.</summary>
    public TorchRenderer(IOptions<WorkerOptions> options, HeldAdapters held, InputCache inputs, ILogger<TorchRenderer> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options.Value;
        this.inputs = inputs;
        this.logger = logger;
        thread = new DeviceThread($"device {this.options.Device}");
        device = thread.RunAsync(() => TorchDevice.Open(this.options), CancellationToken.None).GetAwaiter().GetResult();
        offload = this.options.Memory.OffloadModels && device.Device.type == TorchSharp.DeviceType.CUDA ? new CpuOffload(device.Device) : null;
        adapters = new LoadedAdapters(held, device.Device, device.Dtype, this.options.LoraMemory * (1L << 20));
    }

    /// <inheritdoc/>
    public string Device => device.Text;

    /// <inheritdoc/>
    public RenderEnvironment Environment => device.Environment;

    /// <inheritdoc/>
    public long? Memory => device.Memory;

    /// <inheritdoc/>
    public long? UsedMemory => device.UsedMemory;

    /// <inheritdoc/>
    public async Task<LoadedModels> LoadAsync(CancellationToken cancellationToken)
    {
        List<ModelDescription> loaded = [];
        List<ModelFault> faults = [];
        foreach (var folder in ModelFolder.Find(options.ModelFolders))
        {
            if (folder.NameFault is { } fault)
            {
                LogLeftOut(null, folder.Path, fault);
                faults.Add(new ModelFault { Name = folder.Name, Reason = fault });
                continue;
            }
            try
            {
                loaded.Add(await thread.RunAsync(() => Load(folder), cancellationToken).ConfigureAwait(false));
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                var reason = LibTorchError.Words(error);
                LogLeftOut(error, folder.Path, reason);
                faults.Add(new ModelFault { Name = folder.Name, Reason = reason });
            }
        }
        return new LoadedModels(loaded, faults);
    }

    /// <inheritdoc/>
    public async Task RenderAsync(RenderGroup group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var pictures = await inputs.GetAsync(group.Images.SelectMany(image => image.Inputs()), cancellationToken).ConfigureAwait(false);
        await thread.RunAsync(
            () =>
            {
                Render(group, pictures, cancellationToken);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Frees the models and ends the thread.</summary>
    public void Dispose()
    {
        thread.RunAsync(
            () =>
            {
                adapters.Dispose();
                foreach (var model in models.Values)
                {
                    model.Dispose();
                }
                return true;
            },
            CancellationToken.None).GetAwaiter().GetResult();
        thread.Dispose();
    }

    private ModelDescription Load(ModelFolder folder)
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
            model.Dispose();
            throw;
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
                if (!places.AreAlike(model, larger, model.DefaultSize, model.DefaultSize))
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

    private void Render(RenderGroup group, IReadOnlyDictionary<string, Picture> inputs, CancellationToken cancellationToken)
    {
        if (!models.TryGetValue(group.Model, out var model))
        {
            throw new ArgumentException($"model: this worker holds no model \"{group.Model}\".");
        }
        try
        {
            Draw(group, model, inputs, cancellationToken);
            adapters.Trim();
        }
        catch
        {
            adapters.Dispose(); // whatever it was: the next group finds the model as it was loaded, and the memory free
            throw;
        }
    }

    private void Draw(RenderGroup group, StableDiffusionModel model, IReadOnlyDictionary<string, Picture> inputs, CancellationToken cancellationToken)
    {
        var settings = group.Images[0];
        using var drawing = adapters.WithVae(model, settings);
        var request = GroupRequest.Create(group.Images, drawing, inputs, adapters) with { ShareCalls = places.AreAlike(model, settings) };
        adapters.Merge(model, settings);
        var clock = new GroupClock(group.Started);
        void StepDone(DenoisingStep step)
        {
            clock.StepDone(step.Image);
            group.StepDone(new StepNews(step.Image, step.Step, step.Steps, () => previews.GetValue(drawing.Vae, _ => LatentPreview.Of(drawing)).Draw(step.Latents)));
        }

        foreach (var image in new StableDiffusionPipeline(drawing, options.Memory).Generate(request, StepDone, cancellationToken))
        {
            using (image)
            {
                group.Rendered(image.Image, new RenderedImage(image.Picture, clock.Rendered(image.Image)) { PeakMemory = image.PeakMemory });
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded model {Model} in {Seconds:0.0} s, hash {Hash}")]
    private partial void LogLoaded(string model, double seconds, string hash);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Of model {Model}'s file no network has {Count} keys: {Keys}")]
    private partial void LogPassedOver(string model, int count, IReadOnlyList<string> keys);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Of {Class} pictures that model {Model} draws in one call, each would depend on its place there; it draws {Size}")]
    private partial void LogPlaceDependent(string model, int @class, int size);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no memory for {Class} pictures that model {Model} draws in one call; it draws {Size}")]
    private partial void LogTooLarge(Exception error, string model, int @class, int size);

    [LoggerMessage(Level = LogLevel.Error, Message = "The model in {Folder} is left out: {Reason}")]
    private partial void LogLeftOut(Exception? error, string folder, string reason);
}
