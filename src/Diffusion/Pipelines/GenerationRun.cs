using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The pipeline's script, from a request that was checked to its pictures.</summary>
internal sealed class GenerationRun : IDisposable
{
    private readonly GenerationRequest request;
    private readonly LatentSpace space;
    private readonly StableDiffusionModel model;
    private readonly IReadOnlyList<Pass> passes;
    private readonly IReadOnlyList<int> calls;
    private readonly ClassifierFreeGuidance guidance;
    private readonly IPromptReader prompts;
    private readonly InpaintingArea? area;
    private RequestInputs? inputs;

    private GenerationRun(GenerationRequest request, LatentSpace space, InpaintingArea? area)
    {
        (this.request, this.space, model, this.area) = (request, space, space.Model, area);
        passes = Pass.Of(request, model);
        calls = [.. passes.Select(Calls)];
        guidance = new ClassifierFreeGuidance(request.GuidanceScale, request.GuidanceRescale, IsInput: model.UNet.Config.TimeCondProjDim is not null);
        prompts = PromptReader.Create(request.PromptReading, model, request.ClipSkip, request.Embeddings);
    }

    /// <summary>Refuses what cannot be drawn at once; draws as the caller asks for the pictures.</summary>
    public static IEnumerable<GeneratedImage> Start(
        GenerationRequest request, LatentSpace space, Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        var area = request.Inpainting is { } inpainting ? InpaintingArea.Of(request.Init!.Image, inpainting, DrawnSize.Of(request, space.Model)) : null;
        using (new GenerationRun(request, space, area))
        {
            // only to know now that the scheduler and the embeddings can be had
        }

        return Draw();

        IEnumerable<GeneratedImage> Draw()
        {
            using var run = new GenerationRun(request, space, area);
            foreach (var image in run.DrawAll(onStep, cancellationToken))
            {
                yield return image;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        prompts.Dispose();
        inputs?.Dispose();
    }

    private IEnumerable<GeneratedImage> DrawAll(Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        inputs = Measure().Within(() => new RequestInputs(request, space, passes[0].Size, area));
        foreach (var group in PictureGroup.Form(request.Images.Count, request.BatchClass, Shape))
        {
            var memory = Measure();
            using var latents = memory.Within(() => DrawGroup(group, onStep, cancellationToken)); // (B, C, h, w)
            for (int place = 0; place < group.Images.Count; place++)
            {
                var image = memory.Within(() => Decode(group.Images[place], latents, place));
                yield return image with { PeakMemory = memory.Peak };
            }
        }
    }

    /// <summary>A group's latents, (B, C, h, w), in no dispose scope.</summary>
    private Tensor DrawGroup(PictureGroup group, Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var noise = new GroupNoise(group.Places.Select(image => request.Images[image].Seed));
        var progress = new GroupProgress(group, calls.Sum(), onStep);
        Tensor? latents = null;
        foreach (var pass in passes)
        {
            latents = DrawPass(pass, latents, group, noise, progress, cancellationToken);
        }

        return latents!.DetachFromDisposeScope();
    }

    /// <summary>A group's latents after a pass, (B, C, h, w), from those of the pass before.</summary>
    private Tensor DrawPass(
        Pass pass, Tensor? before, PictureGroup group, GroupNoise noise, GroupProgress progress, CancellationToken cancellationToken)
    {
        // 1. lay out the time steps
        using var scheduler = RequestScheduler.Create(request, model, pass);
        int begin = pass.Begin(scheduler), count = pass.Calls(scheduler);

        // 2. encode the prompts
        var texts = group.Places.Select(image => PicturePrompts.Read(prompts, request.Images[image], count, guidance));
        var sizes = model.IsXL ? TimeIds.Of(request.SizeConditions, pass.Size, fromPicture: request.Init is not null) : null;
        var conditions = new GroupConditions([.. texts], sizes);

        // 3. prepare the latents
        var start = (before, request) switch
        {
            ({ } small, { HighResolution: { } high }) => LatentStart.Again(pass, Upscaling.Enlarge(small, high.Upscaler, pass.Size, space, noise.Source), scheduler, noise.Source),
            (_, { Inpainting: { } inpainting }) => LatentStart.FromMask(pass, inputs!, inpainting, space, scheduler, noise.Pictures),
            (_, { Init: not null }) => LatentStart.FromPicture(pass, inputs!, space, scheduler, noise.Source, group.Class),
            _ => LatentStart.FromText(pass, space, scheduler, noise.Source, group.Class),
        };

        // 4. prepare the ControlNets
        var controls = request.ControlNets.Count > 0 ? new ControlNetGuidance(request.ControlNets, inputs!.Controls(pass.Size), request.GuessMode, count) : null;

        // 5. denoise, in single precision whatever the network's
        var predictor = new NoisePredictor(model, conditions, guidance, start.Inpainting, controls);
        var options = StepOptions.Default with { Eta = request.Eta };
        var latents = start.Latents;
        for (int call = 0; call < count; call++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var noisier = latents;
            latents = Denoise(begin + call, call);
            progress.Tell(latents);
        }

        return latents;

        Tensor Denoise(int step, int call)
        {
            using var scope = NewDisposeScope();
            var sample = scheduler.ScaleModelInput(latents, step);
            var prediction = predictor.Predict(sample, scheduler.Timesteps[step], call);
            var next = scheduler.Step(prediction, step, latents, options, noise.Source);
            return (start.Inpainting?.KeepOutside(next, scheduler, step + 1) ?? next).MoveToOuterDisposeScope();
        }
    }

    private GeneratedImage Decode(int image, Tensor latents, int place)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var own = latents.narrow(0, place, 1).clone(); // (1, C, h, w)

        // 6. decode
        var picture = space.Decode(own);

        // 7. put back what was not drawn
        return new GeneratedImage(image, area?.PutBack(picture) ?? picture, own.DetachFromDisposeScope());
    }

    private int Calls(Pass pass)
    {
        using var scheduler = RequestScheduler.Create(request, model, pass);
        return pass.Calls(scheduler);
    }

    /// <summary>What pictures must have in common to share the network's calls.</summary>
    private string Shape(int image) =>
        string.Join(' ', calls.Select(count => PicturePrompts.Read(prompts, request.Images[image], count, guidance).Shape(count)));

    private RenderMemory Measure() => new(model.Device, passes.MaxBy(pass => (long)pass.Size.Width * pass.Size.Height)!.Size, request.BatchClass);
}
