using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The pipeline's script, from a plan to its pictures.</summary>
internal sealed class GenerationRun : IDisposable
{
    private readonly GenerationPlan plan;
    private readonly GenerationRequest request;
    private readonly LatentSpace space;
    private readonly StableDiffusionModel model;
    private readonly IPromptReader prompts;
    private RequestInputs? inputs;

    private GenerationRun(GenerationPlan plan, LatentSpace space)
    {
        (this.plan, request, this.space, model) = (plan, plan.Request, space, space.Model);
        prompts = plan.ReadPrompts();
    }

    /// <summary>Draws as the caller asks for the pictures.</summary>
    public static IEnumerable<GeneratedImage> Draw(
        GenerationPlan plan, LatentSpace space, Action<DenoisingStep>? onStep, CancellationToken cancellationToken)
    {
        using var run = new GenerationRun(plan, space);
        foreach (var image in run.DrawAll(onStep, cancellationToken))
        {
            yield return image;
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
        inputs = Measure().Within(() => new RequestInputs(request, space, plan.Passes[0].Size, plan.Area));
        foreach (var group in PictureGroup.Form(request.Images.Count, request.BatchClass, request.ShareCalls, Shape))
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
        var progress = new GroupProgress(group, plan.Calls.Sum(), onStep);
        Tensor? latents = null;
        foreach (var pass in plan.Passes)
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
        var texts = group.Places.Select(image => PicturePrompts.Read(prompts, request.Images[image], count, plan.Guidance));
        var sizes = model.IsXL ? TimeIds.Of(request.SizeConditions, pass.Size, fromPicture: request is not { Init: null, Continuation: null }, model.RequiresAestheticsScore) : null;
        var conditions = new GroupConditions([.. texts], sizes);

        // 3. prepare the latents
        var start = (before, request) switch
        {
            ({ } small, { HighResolution: { } high }) => LatentStart.Again(pass, Upscaling.Enlarge(small, high.Upscaler, pass.Size, space, noise.Source), scheduler, noise.Source),
            (_, { Continuation: { } other }) => LatentStart.Continued(group.Places.Select(image => other.Latents[image]), space),
            (_, { Inpainting: { } inpainting }) => LatentStart.FromMask(pass, inputs!, inpainting, space, scheduler, noise.Pictures),
            (_, { Init: not null }) => LatentStart.FromPicture(pass, inputs!, space, scheduler, noise.Source, group.Class),
            _ => LatentStart.FromText(pass, space, scheduler, noise.Source, group.Class),
        };

        // 4. prepare the ControlNets
        var controls = request.ControlNets.Count > 0 ? new ControlNetGuidance(request.ControlNets, inputs!.Controls(pass.Size), request.GuessMode, count) : null;

        // 5. denoise, in single precision whatever the network's
        var predictor = new NoisePredictor(model, conditions, plan.Guidance, start.Inpainting, controls);
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
        return new GeneratedImage(image, plan.Area?.PutBack(picture) ?? picture, own.DetachFromDisposeScope());
    }

    /// <summary>What pictures must have in common to share the network's calls.</summary>
    private string Shape(int image) =>
        string.Join(' ', plan.Calls.Select(count => PicturePrompts.Read(prompts, request.Images[image], count, plan.Guidance).Shape(count)));

    private RenderMemory Measure() => new(model.Device, plan.Passes.MaxBy(pass => (long)pass.Size.Width * pass.Size.Height)!.Size, request.BatchClass);
}
