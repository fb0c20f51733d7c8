using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Starter.Captions;
using StableDiffusion.Diffusion.Starter.Classifier;
using StableDiffusion.Diffusion.Starter.Scenes;

namespace StableDiffusion.Diffusion.Starter.Evaluation;

/// <summary>Draws a fixed list of prompts with the starter model and lets the classifier judge the pictures.</summary>
public static class StarterEvaluation
{
    private const ulong CaptionStream = 505;

    /// <summary>Prompt <paramref name="index"/> of the list: a caption of a held-out scene, in full or leaving colours out.</summary>
    public static Caption Prompt(int index) =>
        CaptionWriter.Describe(Scene.At(SceneSplit.HeldOut, index), SeededRandom.For(CaptionStream, index));

    /// <summary>Draws and judges prompts 0 … Count − 1, each with its index as the seed, one after another as they are asked for.</summary>
    public static IEnumerable<JudgedPicture> Run(StarterEvaluationOptions options, CancellationToken cancellationToken = default) =>
        Judge([.. Enumerable.Range(0, options.Count).Select(index => (Prompt(index), (long)index))], options, cancellationToken);

    /// <summary>Draws and judges other prompts with seeds.</summary>
    public static IEnumerable<JudgedPicture> Judge(
        IReadOnlyList<(Caption Caption, long Seed)> prompts, StarterEvaluationOptions options, CancellationToken cancellationToken = default)
    {
        using var model = StableDiffusionModel.Load(options.Folder);
        using var classifier = PictureClassifier.Load(options.ClassifierFolder);
        var request = new GenerationRequest
        {
            Images = [.. prompts.Select(prompt => new ImagePrompt(prompt.Caption.Text, "", prompt.Seed))],
            NumInferenceSteps = options.Steps,
            GuidanceScale = options.GuidanceScale ?? model.DefaultGuidanceScale,
            Scheduler = options.Scheduler,
        };
        foreach (var image in new StableDiffusionPipeline(model).Generate(request, cancellationToken: cancellationToken))
        {
            using (image)
            {
                var (caption, seed) = prompts[image.Image];
                using var pixels = SceneTensors.FromPixels([image.Picture.Pixels], SceneRenderer.Size);
                yield return new JudgedPicture(caption, seed, image.Picture, classifier.Judge(pixels)[0]);
            }
        }
    }
}
