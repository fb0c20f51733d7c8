using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>
/// Stable Diffusion 1.x, 2.x and XL (Rombach et al. 2022; Podell et al. 2023), from text, from a picture, through a mask, under
/// ControlNets, in one pass or two: what diffusers has a pipeline each for. A picture depends on its own prompt, seed and the request's
/// settings alone: it has a generator of its own on the CPU, whose draws come in diffusers' order, and whatever else is drawn with it,
/// the networks' calls have the same number of pictures (<see cref="GenerationRequest.BatchClass"/>), since kernels round otherwise for
/// another batch size. With one picture a call, and with more where <see cref="BatchClassProbe"/> allows it, the same request gives the
/// same bytes on the same machine, build and number of threads.
/// </summary>
/// <param name="model">Stays the caller's. Used by one thread at a time.</param>
/// <param name="memory">How memory is spent; null is the default.</param>
public sealed class StableDiffusionPipeline(StableDiffusionModel model, MemoryOptions? memory = null)
{
    private readonly LatentSpace space = new(model, memory ?? new MemoryOptions());

    /// <summary>Draws the request's pictures as the caller asks for them: in order, but those that share a call come together. Inputs are
    /// checked before this returns.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="onStep">Told of each picture after every denoising step, on the calling thread.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    /// <exception cref="ArgumentException">A field is out of range; the message names it.</exception>
    /// <exception cref="NotSupportedException">The scheduler is not built.</exception>
    /// <exception cref="InvalidModelException">The scheduler's configuration is not valid.</exception>
    /// <exception cref="DeviceOutOfMemoryException">While drawing: it takes more memory than there is. The next request finds it free again.</exception>
    public IEnumerable<GeneratedImage> Generate(GenerationRequest request, Action<DenoisingStep>? onStep = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        // 1. check inputs
        RequestChecks.Check(request, model);
        var passes = Pass.Of(request, model);
        int[] calls = [.. passes.Select(pass => Calls(request, pass))];
        using (PromptReader.Create(request.PromptReading, model, request.ClipSkip, request.Embeddings))
        {
            // only to know now that the embeddings fit
        }

        var area = request.Inpainting is { } inpainting ? InpaintingArea.Of(request.Init!.Image, inpainting, passes[0].Size) : null;
        return GenerateAll(request, passes, calls, area, onStep, cancellationToken);
    }

    private IEnumerable<GeneratedImage> GenerateAll(
        GenerationRequest request, IReadOnlyList<Pass> passes, IReadOnlyList<int> calls, InpaintingArea? area,
        Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        using var prompts = PromptReader.Create(request.PromptReading, model, request.ClipSkip, request.Embeddings);
        RenderMemory Measure() => new(model.Device, passes.MaxBy(pass => (long)pass.Size.Width * pass.Size.Height)!.Size, request.BatchClass);
        using var inputs = Measure().Within(() => new RequestInputs(request, space, passes[0].Size, area));
        var guidance = new ClassifierFreeGuidance(request.GuidanceScale, request.GuidanceRescale);
        string Shape(int image) => string.Join(' ', calls.Select(count => PicturePrompts.Read(prompts, request.Images[image], count, guidance).Shape(count)));
        foreach (var group in PictureGroup.Form(request.Images.Count, request.BatchClass, Shape))
        {
            int told = 0, total = calls.Sum();
            void Tell(Tensor latents)
            {
                told++;
                for (int place = 0; place < group.Images.Count && onStep is not null; place++)
                {
                    using var own = latents.narrow(0, place, 1);
                    onStep(new DenoisingStep(group.Images[place], told, total, own));
                }
            }

            var memory = Measure();
            using var latents = memory.Within(() => Draw(request, group, passes, prompts, inputs, Tell, cancellationToken)); // (B, C, h, w)
            for (int place = 0; place < group.Images.Count; place++)
            {
                var image = memory.Within(() => Decode(group.Images[place], latents, place, inputs.Area));
                yield return image with { PeakMemory = memory.Peak };
            }
        }
    }

    /// <summary>A group's latents, (B, C, h, w), in no dispose scope.</summary>
    private Tensor Draw(
        GenerationRequest request, PictureGroup group, IReadOnlyList<Pass> passes, IPromptReader prompts, RequestInputs inputs,
        Action<Tensor> tell, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var generators = new GroupNoise(group.Places.Select(image => request.Images[image].Seed));
        var noise = generators.Source;
        var guidance = new ClassifierFreeGuidance(request.GuidanceScale, request.GuidanceRescale);
        Tensor? latents = null;
        foreach (var pass in passes)
        {
            // 2. lay out the time steps
            using var scheduler = CreateScheduler(request, pass);

            // 3. encode the prompts
            int calls = pass.Calls(scheduler);
            var sizes = model.IsXL ? TimeIds.Of(request.SizeConditions, pass.Size, fromPicture: request.Init is not null) : null;
            var conditions = new GroupConditions(
                [.. group.Places.Select(image => PicturePrompts.Read(prompts, request.Images[image], calls, guidance))], sizes);

            // 4. prepare the latents
            var start = (latents, request) switch
            {
                ({ } first, { HighResolution: { } high }) => LatentStart.Again(pass, Upscaling.Enlarge(first, high.Upscaler, pass.Size, space, noise), scheduler, noise),
                (_, { Inpainting: { } inpainting }) => LatentStart.FromMask(pass, inputs, inpainting, space, scheduler, generators.Pictures),
                (_, { Init: not null }) => LatentStart.FromPicture(pass, inputs, space, scheduler, noise, group.Class),
                _ => LatentStart.FromText(pass, space, scheduler, noise, group.Class),
            };

            // 5. denoise
            var controls = request.ControlNets.Count > 0 ? new ControlNetGuidance(request.ControlNets, inputs.Controls(pass.Size), request.GuessMode, calls) : null;
            var predictor = new NoisePredictor(model, conditions, guidance, start.Inpainting, controls);
            latents = start.Latents;
            for (int call = 0; call < calls; call++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var before = latents;
                latents = Denoise(scheduler, pass.Begin(scheduler) + call, call, latents, predictor, start.Inpainting, request, noise);
                tell(latents);
            }
        }

        return latents!.DetachFromDisposeScope();
    }

    /// <summary>One step of the loop; latents in and out (B, C, h, w) in single precision, whatever the network's.</summary>
    private static Tensor Denoise(
        IScheduler scheduler, int step, int call, Tensor latents, NoisePredictor predictor, GroupInpainting? inpainting, GenerationRequest request, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        var prediction = predictor.Predict(scheduler.ScaleModelInput(latents, step), scheduler.Timesteps[step], call);
        var next = scheduler.Step(prediction, step, latents, StepOptions.Default with { Eta = request.Eta }, noise);
        return (inpainting?.KeepOutside(next, scheduler, step + 1) ?? next).MoveToOuterDisposeScope();
    }

    private GeneratedImage Decode(int image, Tensor latents, int place, InpaintingArea? area)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var own = latents.narrow(0, place, 1).clone(); // (1, C, h, w)

        // 6. decode
        var picture = space.Decode(own);

        // 7. put back what was not drawn
        return new GeneratedImage(image, area?.PutBack(picture) ?? picture, own.DetachFromDisposeScope());
    }

    private int Calls(GenerationRequest request, Pass pass)
    {
        using var scheduler = CreateScheduler(request, pass);
        return pass.Calls(scheduler);
    }

    private IScheduler CreateScheduler(GenerationRequest request, Pass pass)
    {
        var config = request.SchedulerConfig ?? new SchedulerConfig(model.SchedulerConfig, "scheduler_config.json");
        string className = request.Scheduler ?? config.ClassName
            ?? throw new ArgumentException("scheduler: the model's scheduler_config.json has no _class_name; name a scheduler in the request.", nameof(request));
        var scheduler = SchedulerFactory.Create(className, config);
        try
        {
            scheduler.SetTimesteps(pass.NumInferenceSteps);
            return scheduler;
        }
        catch (ArgumentOutOfRangeException error)
        {
            scheduler.Dispose();
            throw new ArgumentException($"num_inference_steps: {className} cannot do {pass.NumInferenceSteps} steps with this model. {error.Message}", nameof(request), error);
        }
    }
}
