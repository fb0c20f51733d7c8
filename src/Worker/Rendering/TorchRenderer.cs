using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Rendering;

/// <summary>Draws with the models in <see cref="WorkerOptions.Models"/>, loaded once and held, on one device.</summary>
public sealed partial class TorchRenderer : IRenderer, IDisposable
{
    private const string DefaultSampler = "Euler"; // where a model's own scheduler has no sampler yet
    private readonly DeviceThread thread;
    private readonly TorchDevice device;
    private readonly Dictionary<string, StableDiffusionModel> models = []; // touched by the device's thread alone
    private readonly WorkerOptions options;
    private readonly ILogger<TorchRenderer> logger;

    /// <summary>Finds the device and sets its threads; models come with <see cref="LoadAsync"/>.</summary>
    public TorchRenderer(IOptions<WorkerOptions> options, ILogger<TorchRenderer> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options.Value;
        this.logger = logger;
        thread = new DeviceThread($"device {this.options.Device}");
        device = thread.RunAsync(() => TorchDevice.Open(this.options), CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public string Device => device.Text;

    /// <inheritdoc/>
    public RenderEnvironment Environment => device.Environment;

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
    public Task RenderAsync(RenderGroup group, CancellationToken cancellationToken) => thread.RunAsync(
        () =>
        {
            Render(group, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Frees the models and ends the thread.</summary>
    public void Dispose()
    {
        thread.RunAsync(
            () =>
            {
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
        var model = StableDiffusionModel.Load(folder.Path, device.Dtype, device.Device);
        var scheduler = model.SchedulerConfig["_class_name"]?.ToString();
        var description = new ModelDescription
        {
            Name = folder.Name,
            Hash = model.Hash,
            VaeScaleFactor = model.VaeScaleFactor,
            DefaultSize = model.DefaultSize,
            DefaultCfgScale = model.DefaultGuidanceScale,
            DefaultSampler = Samplers.OfClass(scheduler)?.Name ?? DefaultSampler,
        };
        models.Add(folder.Name, model);
        LogLoaded(folder.Name, clock.Elapsed.TotalSeconds, model.Hash);
        return description;
    }

    private void Render(RenderGroup group, CancellationToken cancellationToken)
    {
        if (!models.TryGetValue(group.Model, out var model))
        {
            throw new ArgumentException($"model: this worker holds no model \"{group.Model}\".", nameof(group));
        }
        var clock = Stopwatch.StartNew();
        var images = new StableDiffusionPipeline(model).Generate(
            Request(group.Images, model), step => group.StepDone(step.Image, step.Step), cancellationToken);
        group.Started(0);
        foreach (var image in images)
        {
            using (image)
            {
                group.Rendered(image.Image, new RenderedImage(image.Picture, clock.Elapsed));
            }
            clock.Restart();
            if (image.Image + 1 < group.Images.Count)
            {
                group.Started(image.Image + 1);
            }
        }
    }

    private static GenerationRequest Request(IReadOnlyList<ImageSettings> images, StableDiffusionModel model)
    {
        var settings = images[0];
        if (images.Any(image => Shared(image) != Shared(settings)))
        {
            throw new ArgumentException("The images of a group must have the same size, steps, guidance scale and sampler.", nameof(images));
        }
        var sampler = Samplers.Find(settings.SamplerName)
            ?? throw new ArgumentException($"sampler_name: \"{settings.SamplerName}\" is no sampler that is built; these are: {string.Join(", ", Samplers.Names)}.", nameof(images));
        return new GenerationRequest
        {
            Images = [.. images.Select(image => new ImagePrompt(image.Prompt, image.NegativePrompt, image.Seed))],
            Width = settings.Width,
            Height = settings.Height,
            NumInferenceSteps = settings.Steps,
            GuidanceScale = settings.CfgScale,
            Scheduler = sampler.SchedulerClass,
            SchedulerConfig = new SchedulerConfig(sampler.Over(model.SchedulerConfig), "scheduler_config.json"),
        };
    }

    private static (int Width, int Height, int Steps, double CfgScale, string SamplerName) Shared(ImageSettings image) =>
        (image.Width, image.Height, image.Steps, image.CfgScale, image.SamplerName);

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded model {Model} in {Seconds:0.0} s, hash {Hash}")]
    private partial void LogLoaded(string model, double seconds, string hash);

    [LoggerMessage(Level = LogLevel.Error, Message = "The model in {Folder} is left out: {Reason}")]
    private partial void LogLeftOut(Exception? error, string folder, string reason);
}
