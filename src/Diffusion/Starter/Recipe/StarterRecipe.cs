using StableDiffusion.Diffusion.Training;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>
/// Makes the starter model from nothing but the procedural data set: a diffusers folder in fp16, and a classifier beside
/// it. The same build on the same machine gives the same bytes.
/// </summary>
public static class StarterRecipe
{
    /// <summary>Runs the stages of <paramref name="options"/>; hours or minutes of all the given threads.</summary>
    /// <exception cref="OperationCanceledException">Finished stages stay in the folders.</exception>
    public static void Run(StarterRecipeOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var threads = get_num_threads();
        set_num_threads(options.Threads);
        try
        {
            foreach (var stage in options.Stages.Order())
            {
                using var scope = NewDisposeScope();
                RunStage(stage, options, progress, cancellationToken);
            }
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static void RunStage(StarterStage stage, StarterRecipeOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        switch (stage)
        {
            case StarterStage.Files:
                StarterFiles.Write(options.Folder);
                break;
            case StarterStage.Vae:
                VaeStage.Run(options, progress, cancellationToken);
                break;
            case StarterStage.TextEncoder:
                TextEncoderStage.Run(options, progress, cancellationToken);
                break;
            case StarterStage.UNet:
                UNetStage.Run(options, progress, cancellationToken);
                break;
            case StarterStage.Classifier:
                ClassifierStage.Run(options, progress, cancellationToken);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(stage), stage, "no such stage");
        }
    }
}
