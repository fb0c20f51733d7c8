using System.Diagnostics;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using TorchSharp;

namespace StableDiffusion.Farm.Bench;

/// <summary>Images per second of the pipeline by itself: no farm, no storage; pictures are drawn and dropped.</summary>
internal static class PipelineBench
{
    /// <summary>Draws a few pictures to warm up, then measures.</summary>
    public static double Run(BenchSettings settings, torch.Device device, torch.ScalarType dtype, CancellationToken cancellationToken)
    {
        using StableDiffusionModel model = StableDiffusionModel.Load(settings.Model, dtype, device);
        var pipeline = new StableDiffusionPipeline(model);
        Draw(pipeline, settings, BenchSettings.WarmUp, cancellationToken);
        var clock = Stopwatch.StartNew();
        Draw(pipeline, settings, settings.Images, cancellationToken);
        return settings.Images / clock.Elapsed.TotalSeconds;
    }

    private static void Draw(StableDiffusionPipeline pipeline, BenchSettings settings, int images, CancellationToken cancellationToken)
    {
        var request = new GenerationRequest
        {
            Images = [.. Enumerable.Range(0, images).Select(seed => new ImagePrompt(BenchSettings.Prompt, "", seed))],
            NumInferenceSteps = settings.Steps,
            GuidanceScale = BenchSettings.CfgScale,
            Scheduler = Samplers.Find(BenchSettings.Sampler)!.SchedulerClass,
        };
        foreach (GeneratedImage image in pipeline.Generate(request, cancellationToken: cancellationToken))
        {
            image.Dispose();
        }
    }
}
