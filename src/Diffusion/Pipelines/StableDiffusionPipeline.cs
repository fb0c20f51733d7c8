using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>
/// Text to image with Stable Diffusion (Rombach et al. 2022), as diffusers' StableDiffusionPipeline. A picture depends on its own
/// prompt, seed and the request's settings alone: it has a generator of its own on the CPU, which first draws the start noise and
/// then each step's, and it goes through the networks by itself, with its guidance pair as the only batch. Kernels round otherwise for
/// another batch size and for another place in a batch: with libtorch 1.13 on a CPU that moved a small U-Net's output by up to
/// 1e-5. The same request gives the same bytes on the same machine, build and number of threads.
/// </summary>
/// <param name="model">Stays the caller's. Used by one thread at a time.</param>
public sealed class StableDiffusionPipeline(StableDiffusionModel model)
{
    /// <summary>Draws the request's pictures, one after another as the caller asks for them. Inputs are checked before this returns.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="onStep">Told after every denoising step, on the calling thread.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    /// <exception cref="ArgumentException">A field is out of range; the message names it.</exception>
    /// <exception cref="NotSupportedException">The scheduler is not built.</exception>
    /// <exception cref="InvalidModelException">The scheduler's configuration is not valid.</exception>
    public IEnumerable<GeneratedImage> Generate(GenerationRequest request, Action<DenoisingStep>? onStep = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        // 1. check inputs
        RequestChecks.Check(request, model);
        using (CreateScheduler(request))
        {
            // only to know now that it can be
        }

        return GenerateAll(request, onStep, cancellationToken);
    }

    private IEnumerable<GeneratedImage> GenerateAll(GenerationRequest request, Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        using var prompts = PromptReader.Create(request.PromptReading, model, request.ClipSkip, request.Embeddings);
        for (int image = 0; image < request.Images.Count; image++)
        {
            yield return GenerateOne(request, image, prompts, onStep, cancellationToken);
        }
    }

    private GeneratedImage GenerateOne(
        GenerationRequest request, int image, IPromptReader prompts, Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var prompt = request.Images[image];
        var guidance = new ClassifierFreeGuidance(request.GuidanceScale, request.GuidanceRescale);

        // 2. encode the prompts
        int calls = request.NumInferenceSteps;
        var context = prompts.Positive(prompt, calls).Single().At(0).Context;
        context = guidance.IsOn ? cat([prompts.Negative(prompt, calls).At(0).Context, context], 0) : context; // (1 or 2, T, D)

        // 3. lay out the time steps
        using var scheduler = CreateScheduler(request);

        // 4. prepare the latents
        using var generator = new Generator((ulong)prompt.Seed, CPU);
        var noise = new NoiseSource(generator);
        var (width, height) = RequestChecks.Size(request, model);
        int factor = model.VaeScaleFactor;
        var latents = noise.Draw([1, model.Vae.Config.LatentChannels, height / factor, width / factor], model.Device) * scheduler.InitNoiseSigma;

        // 5. denoise
        var options = StepOptions.Default with { Eta = request.Eta };
        for (int step = 0; step < scheduler.Timesteps.Count; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var before = latents;
            latents = DenoiseOnce(scheduler, step, latents, context, guidance, options, noise);
            onStep?.Invoke(new DenoisingStep(image, step + 1, scheduler.Timesteps.Count, latents));
        }

        // 6. decode
        var decoded = model.Vae.Decode((latents / model.Vae.Config.ScalingFactor).to(model.DType)); // (1, 3, H, W), about −1 … 1
        return new GeneratedImage(image, PictureTensors.ToPicture(decoded), latents.DetachFromDisposeScope());
    }

    /// <summary>One step of the loop; latents in and out (1, C, h, w) in single precision, whatever the network's.</summary>
    private Tensor DenoiseOnce(
        IScheduler scheduler, int step, Tensor latents, Tensor context, ClassifierFreeGuidance guidance, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        var input = scheduler.ScaleModelInput(latents, step).to(model.DType);
        input = guidance.IsOn ? cat([input, input], 0) : input; // (1 or 2, C, h, w)
        var timestep = tensor((float)scheduler.Timesteps[step], device: model.Device);
        var prediction = model.UNet.call(input, timestep, new UNetConditions(context)).to(ScalarType.Float32);
        prediction = guidance.IsOn ? guidance.Apply(prediction) : prediction; // (1, C, h, w)
        return scheduler.Step(prediction, step, latents, options, noise).MoveToOuterDisposeScope();
    }

    private IScheduler CreateScheduler(GenerationRequest request)
    {
        var config = request.SchedulerConfig ?? new SchedulerConfig(model.SchedulerConfig, "scheduler_config.json");
        string className = request.Scheduler ?? config.ClassName
            ?? throw new ArgumentException("scheduler: the model's scheduler_config.json has no _class_name; name a scheduler in the request.", nameof(request));
        var scheduler = SchedulerFactory.Create(className, config);
        try
        {
            scheduler.SetTimesteps(request.NumInferenceSteps);
            return scheduler;
        }
        catch (ArgumentOutOfRangeException error)
        {
            scheduler.Dispose();
            throw new ArgumentException($"num_inference_steps: {className} cannot do {request.NumInferenceSteps} steps with this model. {error.Message}", nameof(request), error);
        }
    }
}
