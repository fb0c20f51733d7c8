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
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Inputs;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Rendering;

/// <summary>Draws with the models in <see cref="WorkerOptions.Models"/>, loaded once and held, on one device.</summary>
public sealed class TorchRenderer : IRenderer, IDisposable
{
    private readonly DeviceThread thread;
    private readonly TorchDevice device;
    private readonly DeviceModels models; // touched by the device's thread alone
    private readonly ConditionalWeakTable<AutoencoderKL, LatentPreview> previews = []; // likewise
    private readonly LoadedAdapters adapters; // likewise
    private readonly InputCache inputs;
    private readonly ModelSource sources;
    private readonly PulledAdapters pulled;
    private readonly WorkerOptions options;
    private readonly ILogger logger;

    /// <summary>Finds the device and sets its threads; models come with <see cref="LoadAsync"/>.</summary>
    public TorchRenderer(
        IOptions<WorkerOptions> options, HeldAdapters held, InputCache inputs, ModelSource sources, PulledAdapters pulled, ILogger<TorchRenderer> logger)
        : this(options, held, inputs, sources, pulled, logger, TorchDevice.Open)
    {
    }

    internal TorchRenderer(
        IOptions<WorkerOptions> options, HeldAdapters held, InputCache inputs, ModelSource sources, PulledAdapters pulled, ILogger<TorchRenderer> logger, Func<WorkerOptions, TorchDevice> open)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options.Value;
        this.inputs = inputs;
        this.sources = sources;
        this.pulled = pulled;
        this.logger = logger;
        thread = new DeviceThread($"device {this.options.Device}");
        device = thread.RunAsync(() => open(this.options), CancellationToken.None).GetAwaiter().GetResult();
        var offload = this.options.Memory.OffloadModels && device.Device.type == TorchSharp.DeviceType.CUDA ? new CpuOffload(device.Device) : null;
        models = new DeviceModels(device, offload, this.options, logger);
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
    public ModelRoom Room => device.Room(options.Memory.OffloadModels);

    /// <inheritdoc/>
    public long? FreeRoom => device.FreeRoom(options.Memory.OffloadModels);

    /// <inheritdoc/>
    public long? Pulse => thread.Pulse;

    /// <inheritdoc/>
    public Task<LoadedModels> LoadAsync(CancellationToken cancellationToken) => new ModelsAtStart(this, sources, options, logger).LoadAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<ModelDescription> LoadAsync(string model, CancellationToken cancellationToken)
    {
        if (models.Rests(model)
            && await thread.RunAsync(() => models.Wake(model, sources.IsOutdated(model)), cancellationToken).ConfigureAwait(false) is { } description)
        {
            return description;
        }

        using var found = await sources.FindAsync(model, device.Dtype, cancellationToken).ConfigureAwait(false);
        return await thread.RunAsync(
            () =>
            {
                models.Trim(sources.IsOutdated);
                return models.Load(found.Folder);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task DropAsync(string model, string? wanted, CancellationToken cancellationToken) => thread.RunAsync(
        () =>
        {
            adapters.Dispose(); // what is merged into its weights is another's no less
            models.Drop(model, mayRest: !sources.IsOutdated(model), wanted);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task TrimAsync(CancellationToken cancellationToken) => !models.AnyRests ? Task.CompletedTask : thread.RunAsync(
        () =>
        {
            models.Trim(sources.IsOutdated);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task RenderAsync(RenderGroup group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        using var held = await pulled.HoldAsync(group.Images, cancellationToken).ConfigureAwait(false);
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
                models.Dispose();
                return true;
            },
            CancellationToken.None).GetAwaiter().GetResult();
        thread.Dispose();
    }

    private void Render(RenderGroup group, IReadOnlyDictionary<string, Picture> inputs, CancellationToken cancellationToken)
    {
        var model = models.Get(group.Model);
        try
        {
            Draw(group, model, inputs, cancellationToken);
            adapters.Trim();
            models.Trim(sources.IsOutdated);
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
        var request = GroupRequest.Create(group.Images, drawing, inputs, adapters) with { ShareCalls = models.Places.AreAlike(model, settings) };
        adapters.Merge(model, settings);
        var clock = new GroupClock(group.Started);
        void StepDone(DenoisingStep step)
        {
            thread.Beat();
            clock.StepDone(step.Image);
            group.StepDone(new StepNews(step.Image, step.Step, step.Steps, () => previews.GetValue(drawing.Vae, _ => LatentPreview.Of(drawing)).Draw(step.Latents)));
        }

        foreach (var image in new StableDiffusionPipeline(drawing, options.Memory).Generate(request, StepDone, cancellationToken))
        {
            using (image)
            {
                thread.Beat();
                group.Rendered(image.Image, new RenderedImage(image.Picture, clock.Rendered(image.Image)) { PeakMemory = image.PeakMemory });
            }
        }
    }
}
